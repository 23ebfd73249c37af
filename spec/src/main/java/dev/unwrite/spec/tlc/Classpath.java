package dev.unwrite.spec.tlc;

import com.fasterxml.jackson.core.JsonFactory;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import tlc2.TLC;

/** The classpath of TLC's JVM: this module (it overrides operators), TLC, and the JSON reader of the trace reader. */
final class Classpath {
    /** The system property, and as {@code TLA2TOOLS_JAR} the environment variable, that puts another TLC in place. */
    static final String JAR_PROPERTY = "tla2tools.jar";

    private Classpath() {}

    /** The classpath as one string. */
    static String text() throws LackingException {
        Set<Path> entries = new LinkedHashSet<>();
        entries.add(home(Classpath.class));
        entries.add(tlc());
        entries.add(home(JsonFactory.class));
        return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static Path tlc() throws LackingException {
        String given = System.getProperty(JAR_PROPERTY, System.getenv("TLA2TOOLS_JAR"));
        if (given == null || given.isEmpty()) {
            return home(TLC.class);
        }
        Path jar = Path.of(given).toAbsolutePath();
        if (!Files.isReadable(jar)) {
            throw new LackingException("no TLC at " + jar + "; correct -D" + JAR_PROPERTY + " or TLA2TOOLS_JAR");
        }
        return jar;
    }

    private static Path home(Class<?> type) throws LackingException {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException | NoClassDefFoundError e) {
            throw new LackingException("cannot find where " + type.getName() + " comes from: " + e);
        }
    }
}
