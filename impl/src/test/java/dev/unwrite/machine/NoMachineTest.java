package dev.unwrite.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
        assertThat(text(machine.save())).isEmpty();
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
            assertThat(text(machine.save())).isEqualTo("second");
        }
        assertThat(names()).hasSize(2).contains("state.next");
    }

    private static Machine.Saved saveGiven(NoMachine machine, String state) throws IOException {
        Path given = machine.handOver(bytes(state));
        Machine.Saved saved = machine.save(given);
        Files.delete(given);
        return saved;
    }

    @Test
    void anUnreadableStateChangesNothing() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        machine.save(machine.handOver(bytes("good"))).close();
        assertThatThrownBy(() -> machine.handOver(broken())).hasMessageContaining("connection lost");
        assertThat(text(machine.save())).isEqualTo("good");
    }

    @Test
    void whatIsHandedOverCountsWhenItIsSavedAndNotBefore() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        Path given = machine.handOver(bytes("for a later cut"));
        assertThat(text(machine.save())).isEmpty();
        assertThat(text(machine.save(given))).isEqualTo("for a later cut");
        machine.forget();
        assertThat(text(machine.save())).isEmpty();
    }

    @Test
    void aStateWhoseCutWasRefusedIsSavedAgainWithTheNext() throws IOException {
        NoMachine machine = new NoMachine(data);
        machine.coldStart();
        Path given = machine.handOver(bytes("for a cut that is refused"));
        machine.save(given).close();
        try (Machine.Saved again = machine.save(given)) {
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
        assertThat(text(machine.save())).isEqualTo("new");
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
        assertThat(text(machine.save())).isEmpty();
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
        try (InputStream in = saved.open()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
