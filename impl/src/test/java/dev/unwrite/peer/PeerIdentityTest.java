package dev.unwrite.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.peer.PeerMessage.Hello;
import dev.unwrite.peer.PeerMessage.Ids;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who is let in as the other host: names alone do not tell (rule OneLife). */
class PeerIdentityTest {
    private static final InetSocketAddress ANY = InetSocketAddress.createUnresolved("127.0.0.1", 1);

    private Ids own = ids("storage-1", "folder-a");
    private final PeerIdentity identity =
            new PeerIdentity(new PeerConfig("vm1", "A", null, ANY, () -> ANY, "none", () -> own), 1);

    private static Ids ids(String storage, String folder) {
        return new Ids(storage, folder, "log", 0, 0, 0, "");
    }

    private @Nullable String refusal(String group, String name, Ids ids) {
        return identity.refusal(new Hello(group, name, 2, "none", ids));
    }

    @Test
    void thePeerOfTheSameStorageIsLetInAndKeepsItsName() {
        assertThat(refusal("vm1", "B", ids("storage-1", "folder-b"))).isNull();
        assertThat(refusal("vm1", "B", ids("storage-1", "folder-c"))).isNull();
        assertThat(refusal("vm1", "C", ids("storage-1", "folder-b"))).contains("the peer of host A is B, not C");
    }

    @Test
    void ofAnotherGroupStorageNameOrFolderNobodyIs() {
        assertThat(refusal("vm2", "B", ids("storage-1", "folder-b"))).contains("not of group vm2");
        assertThat(refusal("vm1", "A", ids("storage-1", "folder-b"))).contains("check --name and --peer");
        assertThat(refusal("vm1", "B", ids("storage-2", "folder-b")))
                .contains("storage-1")
                .contains("storage-2");
        assertThat(refusal("vm1", "B", ids("storage-1", "folder-a"))).contains("copies of one data folder");
    }

    @Test
    void whereAnotherMachineRunsItCannotGoOn() {
        assertThat(identity.refusal(new Hello("vm1", "B", 2, "ledger", ids("storage-1", "folder-b"))))
                .isEqualTo("the machine of host A is none, that of host B ledger:"
                        + " only the same can go on at the other host");
    }

    @Test
    void whoDoesNotKnowItsStorageYetIsNotLetInAndLetsNobodyIn() {
        assertThat(refusal("vm1", "B", ids("", "folder-b"))).isEqualTo("host B has not reached its storage yet");
        own = ids("", "folder-a");
        assertThat(refusal("vm1", "B", ids("", "folder-b"))).isEqualTo("host A has not reached its storage yet");
        assertThat(refusal("vm1", "B", ids("storage-1", "folder-b")))
                .isEqualTo("host A has not reached its storage yet");
    }
}
