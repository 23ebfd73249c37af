package dev.unwrite.machine.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.unwrite.machine.Machine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LedgerMachineTest {
    static final InetSocketAddress ANY_PORT = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    private static final LedgerConfig SMALL = new LedgerConfig(10, 100, 4, 3);

    private final MemoryDevice device = new MemoryDevice(200L * LedgerVolume.PAGE);
    private FakeHost host = new FakeHost(device);
    private LedgerMachine machine = new LedgerMachine(host, ANY_PORT, SMALL);

    @AfterEach
    void close() {
        machine.close();
    }

    @Test
    void answersEveryKindOfRequest() throws IOException {
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("HELLO a")).isEqualTo("OK hello last=0 accounts=10 initial=100 seq=0");
            assertThat(wire.ask("T 1 0 9 30")).isEqualTo("OK 1 seq=1 from=70 to=130");
            assertThat(wire.ask("T 2 0 1 71")).isEqualTo("NO 2 seq=2 from=70");
            assertThat(wire.ask("R 3 9")).isEqualTo("OK 3 seq=2 balance=130");
            assertThat(wire.ask("B 4"))
                    .isEqualTo("OK 4 seq=2 total=1000 balances=70,100,100,100,100,100,100,100,100,130");
            assertThat(wire.ask("CHECK")).isEqualTo("OK total=1000 seq=2 pages=4");
            assertThat(wire.ask("HELLO a")).isEqualTo("OK hello last=4 accounts=10 initial=100 seq=2");
        }
        assertThat(host.failures()).isEmpty();
    }

    @Test
    void aRepeatedRequestTakesEffectOnce() throws IOException {
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            String first = wire.ask("T 1 0 1 10");
            wire.ask("T 2 0 1 10");
            assertThat(wire.ask("T 1 0 1 10")).isEqualTo(first);
            assertThat(wire.ask("T 1 0 1 11")).isEqualTo("ERR request number 1 was another request");
            assertThat(wire.ask("T 4 0 1 10")).isEqualTo("ERR request number 4 leaves a gap, expected 3");
            assertThat(wire.ask("R 3 0")).isEqualTo("OK 3 seq=2 balance=80");
            for (int reqno = 4; reqno <= 17; reqno++) {
                wire.ask("R " + reqno + " 0");
            }
            assertThat(wire.ask("T 1 0 1 10")).isEqualTo("OLD 1 last=17");
            assertThat(wire.ask("T 2 0 1 10")).isEqualTo("OK 2 seq=2 from=80 to=120");
        }
    }

    @Test
    void aRepeatedSnapshotIsReadAnewOnlyAsTheLastRequest() throws IOException {
        machine.coldStart();
        try (Wire a = new Wire(machine);
                Wire b = new Wire(machine)) {
            a.ask("HELLO a");
            b.ask("HELLO b");
            assertThat(a.ask("B 1")).startsWith("OK 1 seq=0 total=1000 balances=100,100,");
            b.ask("T 1 0 1 1");
            assertThat(a.ask("B 1")).startsWith("OK 1 seq=1 total=1000 balances=99,101,");
            a.ask("R 2 0");
            assertThat(a.ask("B 1")).isEqualTo("OLD 1 last=2");
        }
    }

    @Test
    void aColdStartKnowsBalancesAndClients() throws IOException {
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            wire.ask("T 1 0 9 30");
        }
        machine.close();
        machine = new LedgerMachine(new FakeHost(device), ANY_PORT, LedgerConfig.DEFAULT);
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("HELLO a")).isEqualTo("OK hello last=1 accounts=10 initial=100 seq=1");
            assertThat(wire.ask("T 1 0 9 30")).isEqualTo("OK 1 seq=1 from=70 to=130");
            assertThat(wire.ask("CHECK")).startsWith("OK total=1000");
        }
    }

    @Test
    void repliesAreHeldUntilTheHostReleasesThem() throws IOException {
        host.holding();
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            wire.send("HELLO a\nT 1 0 1 5\n");
            await().until(() -> host.held() == 2);
            host.drop();
            wire.send("T 1 0 1 5\n");
            await().until(() -> host.held() == 1);
            host.release();
            assertThat(wire.receive()).isEqualTo("OK 1 seq=1 from=95 to=105");
        }
    }

    @Test
    void resumesElsewhereFromASavedStateAndItsDisk() throws IOException {
        machine.coldStart();
        byte[] state;
        byte[] disk;
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            wire.ask("T 1 0 1 5");
            machine.pause();
            assertThat(machine.selfCheck()).isNull();
            state = bytes(machine.save(1, 0));
            disk = device.snapshot();
            machine.unpause();
            assertThat(wire.ask("T 2 0 1 5")).isEqualTo("OK 2 seq=2 from=90 to=110");
        }
        machine.close();
        machine = new LedgerMachine(new FakeHost(new MemoryDevice(disk)), ANY_PORT);
        machine.resume(new ByteArrayInputStream(state));
        try (Wire wire = new Wire(machine)) {
            assertThat(wire.ask("HELLO a")).isEqualTo("OK hello last=1 accounts=10 initial=100 seq=1");
            assertThat(wire.ask("T 2 0 1 5")).isEqualTo("OK 2 seq=2 from=90 to=110");
            assertThat(wire.ask("CHECK")).startsWith("OK total=1000");
        }
    }

    @Test
    void aDiskThatIsNotOfTheSameMomentIsNoticed() throws IOException {
        machine.coldStart();
        byte[] state;
        try (Wire wire = new Wire(machine)) {
            machine.pause();
            state = bytes(machine.save(1, 0));
            machine.unpause();
            wire.ask("HELLO a");
            wire.ask("T 1 4 8 5");
        }
        machine.close();
        LedgerMachine other = new LedgerMachine(new FakeHost(device), ANY_PORT);
        assertThatThrownBy(() -> other.resume(new ByteArrayInputStream(state)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("page 130: account 4 has 95 on the volume, 100 in memory");
        assertThat(other.address()).isNull();
    }

    @Test
    void aDamagedStateIsRefused() throws IOException {
        machine.coldStart();
        machine.pause();
        byte[] state = bytes(machine.save(1, 0));
        for (int at = 0; at < state.length; at++) {
            byte[] damaged = state.clone();
            damaged[at] ^= 0x40;
            LedgerMachine other = new LedgerMachine(new FakeHost(device), ANY_PORT);
            assertThatThrownBy(() -> other.resume(new ByteArrayInputStream(damaged)))
                    .as("byte " + at)
                    .isInstanceOf(IOException.class);
        }
        LedgerMachine other = new LedgerMachine(new FakeHost(device), ANY_PORT);
        assertThatThrownBy(() -> other.resume(new ByteArrayInputStream(state, 0, state.length - 1)))
                .hasMessageContaining("ends too early");
    }

    @Test
    void whilePausedNothingIsWrittenOrSaid() throws IOException {
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            host.holding();
            machine.pause();
            byte[] before = device.snapshot();
            wire.send("T 1 0 1 5\n");
            await().until(() -> machine.queued() == 1);
            assertThat(device.snapshot()).isEqualTo(before);
            assertThat(host.held()).isZero();
            machine.unpause();
            await().until(() -> host.held() == 1);
        }
    }

    @Test
    void aFailedVolumeEndsTheMachine() throws IOException {
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            wire.ask("HELLO a");
            device.failAfter(0);
            assertThat(wire.ask("T 1 0 1 5")).isNull();
        }
        await().until(() -> host.failures().size() == 1);
        assertThat(host.failures().getFirst()).contains("planned failure");
        assertThat(machine.address()).isNull();
        assertThatThrownBy(machine::pause).hasMessageContaining("planned failure");
        assertThatThrownBy(() -> machine.save(1, 0)).hasMessageContaining("planned failure");
    }

    @Test
    void checkNamesThePageThatDisagrees() throws IOException {
        machine.coldStart();
        try (Wire wire = new Wire(machine)) {
            ByteBuffer page = ByteBuffer.allocate(LedgerVolume.PAGE);
            device.read(129L * LedgerVolume.PAGE, page);
            page.putLong(PageHeader.BYTES, 99);
            device.write(129L * LedgerVolume.PAGE, page.clear(), false);
            assertThat(wire.ask("CHECK")).startsWith("BAD page 129: CRC32C is");
        }
    }

    @Test
    void aVolumeThatIsTooSmallOrNotALedgerIsRefused() {
        FakeHost small = new FakeHost(new MemoryDevice(130L * LedgerVolume.PAGE));
        assertThatThrownBy(() -> new LedgerMachine(small, ANY_PORT, SMALL).coldStart())
                .hasMessageContaining("has 130 pages")
                .hasMessageContaining("needs 133");
        byte[] foreign = new byte[200 * LedgerVolume.PAGE];
        foreign[1024] = 1;
        assertThatThrownBy(() -> new LedgerMachine(new FakeHost(new MemoryDevice(foreign)), ANY_PORT).coldStart())
                .hasMessageContaining("something else than a ledger");
    }

    static byte[] bytes(Machine.Flat saved) throws IOException {
        try (saved;
                InputStream in = saved.open()) {
            return in.readAllBytes();
        }
    }
}
