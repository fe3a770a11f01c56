package ampoule.worker;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles the sources of a function in memory: its folder may be read-only, and nothing has to be cleaned up. */
final class SourceCompiler {
    private SourceCompiler() {}

    /** The classes by their names. */
    static Map<String, byte[]> compile(FunctionFiles files) throws LoadFailure, IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) throw LoadFailure.broken("The sources of the function cannot be compiled", "This Java has no compiler");
        DiagnosticCollector<JavaFileObject> problems = new DiagnosticCollector<>();
        try (StandardJavaFileManager standard = compiler.getStandardFileManager(problems, Locale.ROOT, StandardCharsets.UTF_8)) {
            MemoryFiles memory = new MemoryFiles(standard);
            List<String> options = List.of("-classpath", classPath(files), "-proc:none", "-g", "-XDstringConcat=inline");
            boolean isDone = compiler
                    .getTask(null, memory, problems, options, null, standard.getJavaFileObjectsFromPaths(files.sources))
                    .call();
            if (!isDone) throw LoadFailure.broken("The sources of the function cannot be compiled", errorsOf(files, problems));
            return memory.classes();
        }
    }

    private static String classPath(FunctionFiles files) {
        StringBuilder path = new StringBuilder(System.getProperty("java.class.path"));
        path.append(File.pathSeparator).append(files.folder);
        for (Object each : files.jars) path.append(File.pathSeparator).append(each);
        for (Object each : files.libraries) path.append(File.pathSeparator).append(each);
        return path.toString();
    }

    private static String errorsOf(FunctionFiles files, DiagnosticCollector<JavaFileObject> problems) {
        List<String> lines = new ArrayList<>();
        for (Diagnostic<? extends JavaFileObject> problem : problems.getDiagnostics()) {
            if (problem.getKind() != Diagnostic.Kind.ERROR) continue;
            String message = problem.getMessage(Locale.ROOT);
            JavaFileObject source = problem.getSource();
            if (source == null) lines.add(message);
            else {
                String file = files.folder.toUri().relativize(source.toUri()).getPath();
                lines.add(file + ":" + problem.getLineNumber() + ": " + message);
            }
        }
        return String.join("\n", lines);
    }

    private static final class MemoryFiles extends ForwardingJavaFileManager<StandardJavaFileManager> {
        private final Map<String, ClassFile> files = new HashMap<>();

        MemoryFiles(StandardJavaFileManager standard) {
            super(standard);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
            ClassFile file = new ClassFile(name);
            files.put(name, file);
            return file;
        }

        Map<String, byte[]> classes() {
            Map<String, byte[]> classes = new HashMap<>();
            for (Map.Entry<String, ClassFile> file : files.entrySet()) classes.put(file.getKey(), file.getValue().content.toByteArray());
            return classes;
        }
    }

    private static final class ClassFile extends SimpleJavaFileObject {
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();

        ClassFile(String name) {
            super(URI.create("memory:///" + name.replace('.', '/') + Kind.CLASS.extension), Kind.CLASS);
        }

        @Override
        public OutputStream openOutputStream() {
            return content;
        }
    }
}
