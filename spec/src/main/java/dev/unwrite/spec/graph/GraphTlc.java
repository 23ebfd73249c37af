package dev.unwrite.spec.graph;

import java.lang.reflect.Field;
import java.nio.file.Path;
import tlc2.TLC;
import tlc2.output.EC;
import util.SimpleFilenameToStream;

/** The main class of TLC's JVM: TLC, with a writer of states that its command line does not offer. */
public final class GraphTlc {
    /** The system property with the file for the graph. */
    static final String FILE = "unwrite.graph.file";

    private GraphTlc() {}

    /** {@code args}: those of TLC. */
    public static void main(String[] args) throws Exception {
        TLC tlc = new TLC();
        if (!tlc.handleParameters(args)) {
            System.exit(1);
        }
        GraphWriter writer = new GraphWriter(Path.of(System.getProperty(FILE)));
        Field field = TLC.class.getDeclaredField("stateWriter");
        field.setAccessible(true);
        field.set(tlc, writer);
        tlc.setResolver(new SimpleFilenameToStream());
        int code = tlc.process();
        System.exit(EC.ExitStatus.errorConstantToExitStatus(code));
    }
}
