package dev.unwrite.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.image.Flat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NoMachineTest {
    @TempDir
    Path dir = Path.of("unset");

    private Path data = Path.of("unset");

    @BeforeEach
    void folder() throws IOException {
        data = Files.createDirectory(dir.resolve("data"));
    }

    @Test
    void withoutAnythingHandedOverTheStateIsEmpty() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        assertThat(text(machine.save(1, 0))).isEmpty();
    }

    @Test
    void savesWhatWasHandedOverAndKeepsASaveAsItWas() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        try (Machine.Saved first = saveGiven(machine, "first")) {
            try (Machine.Saved second = saveGiven(machine, "second")) {
                assertThat(text(first)).isEqualTo("first");
                assertThat(text(second)).isEqualTo("second");
            }
            assertThat(text(machine.save(1, 0))).isEqualTo("second");
        }
        assertThat(names()).hasSize(2).contains("state.next");
    }

    private static Machine.Saved saveGiven(NoMachine machine, String state) throws IOException {
        NoMachine.HandedOver given = machine.handOver(bytes(state), 0);
        Machine.Saved saved = machine.save(given, 1, 0);
        Files.delete(given.file());
        return saved;
    }

    private static byte[] delta(long imageBytes, long... offsets) {
        ByteBuffer pieces = ByteBuffer.allocate(offsets.length * (12 + 4096) + 12);
        for (long offset : offsets) {
            pieces.putLong(offset).putInt(4096).put(new byte[4096]);
        }
        return pieces.putLong(imageBytes).putInt(0).array();
    }

    @Test
    void DeltaOnItsBase_aDeltaIsSavedOnlyOnTheStateOfTheCutBefore() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        machine.save(1, 0).close();
        NoMachine.HandedOver onOne = machine.handOver(new ByteArrayInputStream(delta(8192, 4096)), 1);
        assertThatThrownBy(() -> machine.save(onOne, 2, 1)).as("an empty one").hasMessageContaining("which has none");
        saveWhole(machine, 2, 1);
        assertThatThrownBy(() -> machine.save(onOne, 3, 2)).hasMessageContaining("the one before is 2");
        NoMachine.HandedOver onTwo = machine.handOver(new ByteArrayInputStream(delta(8192, 4096)), 2);
        for (int again = 0; again < 2; again++) {
            try (Machine.Saved saved = machine.save(onTwo, 3, 2)) {
                assertThat(saved.isDelta()).isTrue();
                assertThat(saved.pieces().readAllBytes()).isEqualTo(delta(8192, 4096));
            }
        }
        try (Machine.Saved same = machine.save(4, 3)) {
            assertThat(same.isDelta()).as("nothing was written since").isTrue();
            assertThat(same.pieces().readAllBytes()).isEqualTo(delta(8192));
        }
        try (Machine.Saved join = machine.save(5, 0)) {
            assertThat(join.isDelta()).isFalse();
            assertThat(text(join)).as("nobody here has all of it").isEmpty();
        }
        machine.forget();
        assertThatThrownBy(() -> machine.save(machine.handOver(new ByteArrayInputStream(delta(1)), 5), 6, 5))
                .hasMessageContaining("which has none");
    }

    private static void saveWhole(NoMachine machine, long epoch, long base) throws IOException {
        NoMachine.HandedOver given = machine.handOver(bytes("all of it"), 0);
        try (Machine.Saved saved = machine.save(given, epoch, base)) {
            assertThat(saved.isDelta()).isFalse();
        }
    }

    @Test
    void whatIsHandedOverAsADeltaAndIsNoneIsRefused() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        byte[] good = delta(8192, 0, 4096);
        for (byte[] bad : new byte[][] {
            new byte[0],
            Arrays.copyOf(good, good.length - 1),
            Arrays.copyOf(good, good.length + 1),
            delta(8192, 4096, 0),
            delta(1, 4096)
        }) {
            assertThatThrownBy(() -> machine.handOver(new ByteArrayInputStream(bad), 1))
                    .isInstanceOf(NoMachine.NotPiecesException.class)
                    .hasMessageContaining("no delta in pieces");
        }
        assertThat(names()).isEmpty();
        assertThat(machine.handOver(new ByteArrayInputStream(good), 1).imageBytes())
                .isEqualTo(8192);
    }

    @Test
    void anUnreadableStateChangesNothing() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        machine.save(machine.handOver(bytes("good"), 0), 1, 0).close();
        assertThatThrownBy(() -> machine.handOver(broken(), 0)).hasMessageContaining("connection lost");
        assertThat(text(machine.save(1, 0))).isEqualTo("good");
    }

    @Test
    void whatIsHandedOverCountsWhenItIsSavedAndNotBefore() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        NoMachine.HandedOver given = machine.handOver(bytes("for a later cut"), 0);
        assertThat(text(machine.save(1, 0))).isEmpty();
        assertThat(text(machine.save(given, 1, 0))).isEqualTo("for a later cut");
        machine.forget();
        assertThat(text(machine.save(1, 0))).isEmpty();
    }

    @Test
    void aStateWhoseCutWasRefusedIsSavedAgainWithTheNext() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        NoMachine.HandedOver given = machine.handOver(bytes("for a cut that is refused"), 0);
        machine.save(given, 1, 0).close();
        try (Machine.Saved again = machine.save(given, 1, 0)) {
            assertThat(text(again)).isEqualTo("for a cut that is refused");
        }
    }

    @Test
    void withoutAStateTheOneThatWasThereIsPutAside() throws IOException {
        Files.writeString(data.resolve("state"), "of an earlier disk");
        NoMachine machine = new NoMachine(data);
        machine.resume(bytes(""));
        assertThat(machine.resumedState()).isNull();
        assertThat(names()).containsExactly("state.old");
        assertThat(data.resolve("state.old")).hasContent("of an earlier disk");
    }

    @Test
    void aResumedStateIsTheFileStateAndWhatTheNextSaveSaves() throws IOException {
        Files.writeString(data.resolve("state"), "older");
        NoMachine machine = new NoMachine(data);
        machine.resume(new ByteArrayInputStream(new byte[] {'n', 'e', 'w'}));
        assertThat(data.resolve("state")).hasContent("new");
        assertThat(machine.resumedState()).isEqualTo(data.resolve("state"));
        assertThat(text(machine.save(1, 0))).isEqualTo("new");
    }

    @Test
    void aStateThatArrivesInPartLeavesTheOldOne() throws IOException {
        Files.writeString(data.resolve("state"), "older");
        NoMachine machine = new NoMachine(data);
        assertThatThrownBy(() -> machine.resume(broken())).hasMessageContaining("connection lost");
        assertThat(data.resolve("state")).hasContent("older");
    }

    @Test
    void aColdStartPutsTheStateAsideAndRemovesLeftovers() throws IOException {
        Files.writeString(data.resolve("state"), "kept");
        Files.writeString(data.resolve("state.next"), "of an earlier life");
        Files.writeString(data.resolve("state.saved.7"), "of an earlier life");
        Files.writeString(data.resolve("state.part"), "of an earlier life");
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        assertThat(names()).containsExactly("state.old");
        assertThat(data.resolve("state.old")).hasContent("kept");
        assertThat(text(machine.save(1, 0))).isEmpty();
    }

    private static InputStream bytes(String content) {
        return new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
    }

    /** Begins well. */
    private static InputStream broken() {
        return new SequenceInputStream(new ByteArrayInputStream(new byte[100_000]), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("connection lost");
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return read();
            }
        });
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(data)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private static String text(Machine.Saved saved) throws IOException {
        return new String(Flat.of(saved.pieces()), StandardCharsets.UTF_8);
    }
}
