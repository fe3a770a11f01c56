package ampoule.worker;

import io.nuclio.EventHandler;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Finds the class of the handler and makes it. */
final class HandlerLoader {
    private final FunctionFiles files;
    private final Map<String, byte[]> compiled;
    private final FunctionClasses classes;

    HandlerLoader(Path folder) throws LoadFailure {
        try {
            files = new FunctionFiles(folder);
            compiled = files.sources.isEmpty() ? Map.of() : SourceCompiler.compile(files);
            classes = new FunctionClasses(files, compiled);
        } catch (IOException error) {
            throw LoadFailure.broken("The files of the function cannot be read", error.toString());
        }
    }

    /** Of `ClassName`, `anything:ClassName`, or the only class that there is where nothing is named. */
    EventHandler load(String handler) throws LoadFailure {
        String name = handler == null ? "" : handler.substring(handler.lastIndexOf(':') + 1);
        Thread.currentThread().setContextClassLoader(classes);
        return make(name.isEmpty() ? onlyHandler() : named(name));
    }

    private Class<?> named(String name) throws LoadFailure {
        Class<?> found;
        try {
            found = Class.forName(name, false, classes);
        } catch (ClassNotFoundException error) {
            throw LoadFailure.missing("There is no class " + name, "Handlers here are: " + String.join(", ", handlerNames()));
        } catch (LinkageError error) {
            throw LoadFailure.broken("Class " + name + " cannot be loaded", Outputs.traceOf(error));
        }
        if (EventHandler.class.isAssignableFrom(found)) return found;
        throw LoadFailure.missing("Class " + name + " is no handler", "It does not implement io.nuclio.EventHandler");
    }

    private Class<?> onlyHandler() throws LoadFailure {
        List<String> names = handlerNames();
        if (names.size() == 1) return named(names.get(0));
        if (names.isEmpty()) throw LoadFailure.missing("There is no handler", "No class in " + files.folder + " implements io.nuclio.EventHandler");
        throw LoadFailure.missing("There are several handlers, and none is named", "They are " + String.join(", ", names));
    }

    private List<String> handlerNames() throws LoadFailure {
        TreeSet<String> all = new TreeSet<>(compiled.keySet());
        try {
            all.addAll(files.classNames());
        } catch (IOException error) {
            throw LoadFailure.broken("The jars of the function cannot be read", error.toString());
        }
        List<String> handlers = new ArrayList<>();
        for (String name : all) if (isHandler(name)) handlers.add(name);
        return handlers;
    }

    private boolean isHandler(String name) {
        try {
            Class<?> each = Class.forName(name, false, classes);
            boolean isPlain = each.getEnclosingClass() == null || Modifier.isStatic(each.getModifiers());
            return isPlain && EventHandler.class.isAssignableFrom(each) && !Modifier.isAbstract(each.getModifiers());
        } catch (ClassNotFoundException | LinkageError error) {
            // Jars bring classes along for libraries that are not there.
            return false;
        }
    }

    private static EventHandler make(Class<?> found) throws LoadFailure {
        String name = found.getName();
        try {
            Constructor<?> constructor = found.getDeclaredConstructor();
            constructor.setAccessible(true);
            return (EventHandler) constructor.newInstance();
        } catch (NoSuchMethodException error) {
            throw LoadFailure.missing("Class " + name + " cannot be made", "It has no constructor without parameters");
        } catch (InvocationTargetException error) {
            throw LoadFailure.broken("The constructor of " + name + " failed", Outputs.traceOf(error.getCause()));
        } catch (ReflectiveOperationException | LinkageError error) {
            throw LoadFailure.broken("Class " + name + " cannot be made", Outputs.traceOf(error));
        }
    }
}
