package ampoule.worker;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarFile;

/** What lies in the folder of a function: sources, classes, and jars in it and its folder `lib`. */
final class FunctionFiles {
    private static final String CLASS = ".class";

    final Path folder;
    final List<Path> sources = new ArrayList<>();
    /** Jars of the function itself, and those that it uses. */
    final List<Path> jars = new ArrayList<>();
    final List<Path> libraries = new ArrayList<>();
    private final List<String> classes = new ArrayList<>();

    FunctionFiles(Path folder) throws IOException {
        this.folder = folder;
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path each, BasicFileAttributes attributes) {
                boolean isHidden = !each.equals(folder) && each.getFileName().toString().startsWith(".");
                return isHidden ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                add(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException error) {
                return FileVisitResult.CONTINUE;
            }
        });
        Collections.sort(sources);
        Collections.sort(jars);
        Collections.sort(libraries);
    }

    /** Names of the classes of the function itself that are compiled already. */
    List<String> classNames() throws IOException {
        List<String> names = new ArrayList<>(classes);
        for (Path path : jars) {
            try (JarFile jar = new JarFile(path.toFile())) {
                jar.stream().forEach(entry -> addClass(names, entry.getName()));
            }
        }
        return names;
    }

    private void add(Path file) {
        String path = folder.relativize(file).toString();
        if (path.endsWith(".java")) sources.add(file);
        else if (path.endsWith(".jar")) addJar(file);
        else addClass(classes, path);
    }

    private void addJar(Path file) {
        Path parent = file.getParent();
        if (parent.equals(folder)) jars.add(file);
        else if (parent.equals(folder.resolve("lib"))) libraries.add(file);
    }

    private static void addClass(List<String> names, String path) {
        if (!path.endsWith(CLASS) || path.startsWith("META-INF/") || path.endsWith("module-info.class")) return;
        names.add(path.substring(0, path.length() - CLASS.length()).replace('/', '.'));
    }
}
