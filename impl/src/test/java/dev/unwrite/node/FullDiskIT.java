package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A secondary, a real process, whose files cannot grow any more while it runs. */
@Timeout(240)
class FullDiskIT {
    private static final String TOO_LARGE = "the secondary cannot take a checkpoint (File too large)";
    private static final String REFUSED = "a checkpoint cannot be taken: File too large";

    @TempDir
    Path dir = Path.of("unset");

    private TestPair pair;

    @BeforeEach
    void prepare() throws IOException {
        pair = new TestPair(dir, List.of("--failover-after=manual"));
    }

    @AfterEach
    void end() {
        pair.close();
    }

    /** The primary holds what its machine says until a commit, so it cannot wait for ever. */
    @Test
    void aHostThatCannotTakeACheckpointIsGivenUpAndTakenInLater() throws Exception {
        pair.start();
        pair.a.order("checkpoint", "small");
        mostBytes(pair.b, "262144");
        String large = "x".repeat(1 << 20);
        HttpResponse<String> refused = pair.a.post("checkpoint", large);
        assertThat(refused.statusCode()).as(refused.body()).isNotEqualTo(200);
        pair.await(
                "the pair is given up", () -> pair.logs().contains(TOO_LARGE + ": asks to go on alone") ? true : null);
        pair.a.awaitStatus("holds nothing back", s -> s.path("mode").asText().equals("solo"));
        pair.await("a join is given up", () -> pair.logs().contains(TOO_LARGE + "; is alone") ? true : null);
        mostBytes(pair.b, "unlimited");
        pair.awaitProtected(pair.a);
        pair.a.order("checkpoint", large + "y");
        // The same trouble later is said again.
        int said = pair.logs().split(REFUSED, -1).length;
        mostBytes(pair.b, "262144");
        pair.a.post("checkpoint", large + "z");
        pair.await("the reason is logged", () -> pair.logs().split(REFUSED, -1).length > said ? true : null);
        mostBytes(pair.b, "unlimited");
        pair.awaitProtected(pair.a);
        pair.a.order("checkpoint", large + "y");
        pair.a.kill();
        pair.b.order("failover");
        assertThat(pair.b.state()).isEqualTo(large + "y");
    }

    /** As with {@code ulimit -f}, for a process that runs. */
    private static void mostBytes(TestPair.Host host, String bytes) throws IOException, InterruptedException {
        Process limit = new ProcessBuilder(
                        "prlimit", "--pid", Long.toString(host.process().pid()), "--fsize=" + bytes + ":unlimited")
                .inheritIO()
                .start();
        assertThat(limit.waitFor()).isZero();
    }
}
