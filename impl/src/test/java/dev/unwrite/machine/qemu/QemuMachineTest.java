package dev.unwrite.machine.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the machine does where no QEMU is needed; the rest is in the tests with a real guest. */
@Timeout(60)
class QemuMachineTest {
    @TempDir
    Path dir = Path.of("unset");

    private Path file(String... lines) throws IOException {
        return Files.write(dir.resolve("guest.args"), List.of(lines));
    }

    /** Stops its machine while that starts. */
    private static final class StoppingHost extends HoldingHost {
        private final List<Closeable> stopped = new ArrayList<>();
        private boolean served;

        @Override
        public Closeable serve(Path socket) {
            try {
                for (Closeable each : stopped) {
                    each.close();
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
            served = true;
            return () -> served = false;
        }
    }

    /** Otherwise a guest would be left that nobody knows of. */
    @Test
    void aMachineThatIsStoppedWhileItStartsLeavesNothing() throws IOException {
        StoppingHost host = new StoppingHost();
        QemuMachine machine = new QemuMachine(
                host, file("-machine", "pc-q35-7.2", "-m", "16M", "-netdev", "user,id=n0"), dir.resolve("qemu"));
        host.stopped.add(machine);
        assertThatThrownBy(machine::coldStart)
                .isInstanceOf(IOException.class)
                .hasMessage("the machine was stopped while it started");
        assertThat(host.served).isFalse();
        assertThat(dir.resolve("qemu")).isEmptyDirectory();
        assertThat(host.failures()).isEmpty();
    }

    @Test
    void aMachineThatNeverStartedIsClosedTwice() throws IOException {
        QemuMachine machine = new QemuMachine(new HoldingHost(), dir.resolve("none"), dir.resolve("qemu"));
        machine.close();
        machine.close();
        assertThat(dir.resolve("qemu")).doesNotExist();
    }

    @Test
    void aFileThatCannotBeUsedIsSaidBeforeAnythingRuns() throws IOException {
        assertThatThrownBy(() -> QemuMachine.describe(dir.resolve("none"))).isInstanceOf(IOException.class);
        Path file = file("-machine", "q35", "-m", "16M");
        assertThatThrownBy(() -> QemuMachine.describe(file))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file + ": there is no machine type with a version");
    }
}
