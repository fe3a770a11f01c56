package ampoule.worker;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Loads the classes of a function: those that were compiled from its sources first, then those of its folder and jars. */
final class FunctionClasses extends URLClassLoader {
    private final Map<String, byte[]> compiled;

    FunctionClasses(FunctionFiles files, Map<String, byte[]> compiled) throws IOException {
        super(urlsOf(files), FunctionClasses.class.getClassLoader());
        this.compiled = compiled;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] content = compiled.get(name);
        return content == null ? super.findClass(name) : defineClass(name, content, 0, content.length);
    }

    private static URL[] urlsOf(FunctionFiles files) throws IOException {
        List<URL> urls = new ArrayList<>();
        urls.add(files.folder.toUri().toURL());
        for (var each : files.jars) urls.add(each.toUri().toURL());
        for (var each : files.libraries) urls.add(each.toUri().toURL());
        return urls.toArray(new URL[0]);
    }
}
