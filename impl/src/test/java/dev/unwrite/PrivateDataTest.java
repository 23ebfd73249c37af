package dev.unwrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.checkpoint.CheckpointStore;
import dev.unwrite.machine.NoMachine;
import dev.unwrite.storage.FileBackend;
import dev.unwrite.trace.TraceWriter;
import dev.unwrite.undo.UndoLog;
import dev.unwrite.undo.UndoOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A machine's memory and its disk are for the user alone who runs the node. */
class PrivateDataTest {
    @TempDir
    private Path dir;

    @Test
    void nothingThatANodeOrAStorageWritesIsOpenToOthers() throws Exception {
        Path data = Files.createDirectory(dir.resolve("data"));
        NoMachine machine = new NoMachine(data);
        try (UndoLog undo = UndoLog.open(data.resolve("undo"), UndoOptions.defaults());
                CheckpointStore store =
                        CheckpointStore.open(data.resolve("checkpoint"), CheckpointStore.Policy.DURABLE, 1 << 20);
                TraceWriter trace = TraceWriter.open(dir.resolve("trace"), "A");
                FileBackend volume = FileBackend.open(dir.resolve("disk.img"), OptionalLong.of(1 << 20))) {
            assertThat(undo.epochs()).isEmpty();
            assertThat(store.committed()).isEmpty();
            assertThat(trace.active()).isTrue();
            assertThat(volume.size()).isEqualTo(1 << 20);
            machine.handOver(new ByteArrayInputStream(new byte[] {1, 2, 3}), 0);
            machine.save(1, 0);
            machine.resume(new ByteArrayInputStream(new byte[] {4}));
            machine.handOver(new ByteArrayInputStream(new byte[] {5}), 0);
        }
        assertThat(openToOthers(data)).isEmpty();
        assertThat(openToOthers(dir.resolve("trace"))).isEmpty();
        assertThat(openToOthers(dir.resolve("disk.img"))).isEmpty();
    }

    /** Except the folder {@code data} itself, which the test made. */
    private List<String> openToOthers(Path top) throws IOException {
        try (Stream<Path> all = Files.walk(top)) {
            List<Path> seen = all.toList();
            assertThat(seen.size()).isGreaterThan(top.equals(dir.resolve("disk.img")) ? 0 : 1);
            return seen.stream()
                    .filter(path -> !path.equals(dir.resolve("data")))
                    .map(path -> rights(path) + " " + path)
                    .filter(line -> !line.matches("rw[x-]------ .*"))
                    .toList();
        }
    }

    private static String rights(Path path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
