package dev.unwrite.spec.tlc;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What runs in TLC's JVM: the main class that the first argument names, and beside it a watch on the standard input.
 * Whoever started this JVM holds the other end; when it closes, the starter is gone (even by SIGKILL), and so is
 * this JVM, with its folder.
 */
public final class TlcChild {
    /** The system property with the folder that is of no use to anyone once the starter is gone. */
    static final String FOLDER = "unwrite.tlc.folder";

    private static final int ORPHANED = 254;

    private TlcChild() {}

    /** {@code args}: the main class, then its arguments. */
    @SuppressWarnings("BanClassLoader")
    public static void main(String[] args) throws Throwable {
        Thread watch = new Thread(TlcChild::haltWithStarter, "starter-watch");
        watch.setDaemon(true);
        watch.start();
        try {
            Class.forName(args[0]).getMethod("main", String[].class).invoke(null, (Object)
                    Arrays.copyOfRange(args, 1, args.length));
        } catch (InvocationTargetException e) {
            throw e.getCause() == null ? e : e.getCause();
        }
    }

    private static void haltWithStarter() {
        try {
            while (System.in.read() >= 0) {
                // Nothing is ever said here; only the end counts.
            }
        } catch (IOException e) {
            // The same as the end.
        }
        String folder = System.getProperty(FOLDER);
        if (folder != null) {
            delete(new File(folder));
        }
        Runtime.getRuntime().halt(ORPHANED);
    }

    private static void delete(File file) {
        File @Nullable [] children = file.listFiles();
        if (children != null) {
            for (File child : children) {
                delete(child);
            }
        }
        if (!file.delete()) {
            file.deleteOnExit();
        }
    }
}
