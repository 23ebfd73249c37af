package dev.unwrite.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unwrite.nbd.NbdConnection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose a name is, and who is alive, with a clock that stands still until it is told. */
class HostsTest {
    @TempDir
    Path folder;

    private long nanos = Long.MAX_VALUE - 1;
    private RecordStore store;
    private Hosts hosts;

    @BeforeEach
    void start() throws IOException {
        store = RecordStore.open(folder.resolve("data"), List.of("g"));
        hosts = new Hosts("g", store, () -> nanos);
    }

    @AfterEach
    void stop() throws IOException {
        store.close();
    }

    private static final class Connection implements NbdConnection {
        private final List<Runnable> onEnd = new ArrayList<>();
        private boolean open = true;

        @Override
        public String peer() {
            return "peer";
        }

        @Override
        public @Nullable Object attachment() {
            return null;
        }

        @Override
        public void attach(@Nullable Object attachment) {}

        @Override
        public boolean isOpen() {
            return open;
        }

        @Override
        public void allowIdle() {}

        @Override
        public void close() {
            open = false;
            onEnd.forEach(Runnable::run);
        }

        @Override
        public boolean end(Duration timeout) {
            close();
            return true;
        }

        @Override
        public void onEnd(Runnable action) {
            onEnd.add(action);
        }
    }

    private static Caller speaker(String folder, long life) {
        return new Caller("A", folder, life, false);
    }

    private static Caller replacing(String folder) {
        return new Caller("A", folder, 1, true);
    }

    private void pass(long millis) {
        nanos += millis * 1_000_000;
    }

    private static void refused(StorageOpException.Code code, String why, Asking asking) {
        assertThatThrownBy(asking::ask).isInstanceOfSatisfying(StorageOpException.class, e -> {
            assertThat(e.code()).isEqualTo(code);
            assertThat(e).hasMessageContaining(why);
            assertThat(e.getMessage()).doesNotContain("\n");
        });
    }

    private interface Asking {
        void ask() throws IOException;
    }

    @Test
    void aNameBelongsToTheFolderThatClaimedItFirst() throws IOException {
        hosts.hear(speaker("other", 1), new Connection());
        hosts.claim(speaker("mine", 1), new Connection());
        refused(StorageOpException.Code.TAKEN, "--replace", () -> hosts.claim(speaker("other", 1), new Connection()));
        refused(StorageOpException.Code.TAKEN, "--name", () -> hosts.hear(speaker("other", 1), new Connection()));
        hosts.claim(new Caller("B", "other", 1, false), new Connection());
        store.close();
        store = RecordStore.open(folder.resolve("data"), List.of("g"));
        hosts = new Hosts("g", store, () -> nanos);
        refused(StorageOpException.Code.TAKEN, "--replace", () -> hosts.claim(speaker("other", 1), new Connection()));
        hosts.claim(speaker("mine", 2), new Connection());
        assertThat(store.memory("g").folders())
                .hasSize(2)
                .containsEntry("A", "mine")
                .containsEntry("B", "other");
    }

    @Test
    void aNameGoesOverOnlyFromAHostThatIsDead() throws IOException {
        Connection first = new Connection();
        Hosts.Heard heard = hosts.hear(speaker("mine", 1), first);
        hosts.claim(speaker("mine", 1), first);
        pass(2900);
        Objects.requireNonNull(heard).touch();
        pass(2900);
        refused(StorageOpException.Code.ALIVE, "heard 2.9 s ago", () -> hosts.hear(replacing("new"), new Connection()));
        refused(StorageOpException.Code.ALIVE, "is alive", () -> hosts.claim(replacing("new"), new Connection()));
        pass(100);
        hosts.hear(replacing("new"), new Connection());
        // To be heard is not yet to have it.
        hosts.hear(speaker("mine", 1), first);
        refused(StorageOpException.Code.ALIVE, "is alive", () -> hosts.claim(replacing("new"), new Connection()));
        first.close();
        hosts.claim(replacing("new"), new Connection());
        refused(StorageOpException.Code.TAKEN, "another data folder", () -> hosts.hear(speaker("mine", 1), first));
        hosts.hear(speaker("new", 1), new Connection());
    }

    @Test
    void aFolderHasOneLifeAtATime() throws IOException {
        Connection first = new Connection();
        hosts.claim(speaker("mine", 1), first);
        pass(400);
        refused(
                StorageOpException.Code.ALIVE,
                "a process with this data folder runs already (host A of group g, heard 0.4 s ago)",
                () -> hosts.hear(speaker("mine", 2), new Connection()));
        // Who was killed is not alive, even while what it asked for is still on the way.
        first.open = false;
        Connection second = new Connection();
        hosts.hear(speaker("mine", 2), second);
        refused(StorageOpException.Code.ALIVE, "already", () -> hosts.hear(speaker("mine", 1), new Connection()));
        // Whoever refused is not heard, so that it does not keep the other from coming back.
        second.close();
        hosts.hear(speaker("mine", 1), first);
        first.open = true;
        pass(Hosts.ALIVE_MILLIS);
        hosts.hear(speaker("mine", 3), new Connection());
    }

    @Test
    void namesAreLimitedAndTheLineSaysWhatToDo() throws IOException {
        for (int i = 0; i < Hosts.NAMES_MAX; i++) {
            hosts.claim(new Caller("h" + i, "f" + i, 1, false), null);
        }
        refused(StorageOpException.Code.TAKEN, "--replace", () -> hosts.claim(speaker("mine", 1), null));
        hosts.claim(new Caller("h7", "mine", 1, true), null);
        hosts.claim(new Caller("h8", "f8", 1, false), null);
    }

    @Test
    void whoSaysNoFolderHasOneThatIsKnownByItsName() throws IOException {
        hosts.claim(Caller.of("g", "A"), null);
        hosts.claim(Caller.of("g", "A"), new Connection());
        refused(StorageOpException.Code.TAKEN, "another", () -> hosts.claim(speaker("mine", 1), null));
    }
}
