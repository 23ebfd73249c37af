package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What a person types. It runs within this process, which takes its output meanwhile: one at a time. */
final class CommandLine {
    private CommandLine() {}

    /** The exit code, and what came out at either output. */
    record Answer(int status, String text) {
        /** It was done. */
        Answer done() {
            assertThat(status).as(text).isZero();
            return this;
        }

        /** It was not done, and one line says why. */
        Answer refused(String... words) {
            assertThat(status).as(text).isEqualTo(1);
            assertThat(text.strip()).hasLineCount(1);
            for (String word : words) {
                assertThat(text).contains(word);
            }
            return this;
        }
    }

    /** Gives a command to a host. */
    static Answer tell(TestPair.Host host, String command, String... more) {
        String[] arguments = new String[more.length + 3];
        arguments[0] = command;
        arguments[1] = "--control";
        arguments[2] = host.control();
        System.arraycopy(more, 0, arguments, 3, more.length);
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream taken = new ByteArrayOutputStream();
        try (PrintStream both = new PrintStream(taken, true, StandardCharsets.UTF_8)) {
            System.setOut(both);
            System.setErr(both);
            return new Answer(Main.run(arguments), taken.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }
}
