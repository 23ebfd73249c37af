package dev.unwrite.chaos.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TakeoverTest {
    private static final long MIB = 1 << 20;

    @Test
    void itsPartsFollowOneAnother() {
        Takeover takeover = new Takeover(16 * MIB, 4096, 2_000, 10, 50, 40, 400);
        assertThat(takeover.allMillis()).isEqualTo(2_100);
        assertThat(takeover.elseMillis()).isEqualTo(50);
        assertThat(takeover.restoredMibPerSecond()).isEqualTo(320);
        assertThat(takeover.ratioToDisk()).isEqualTo(0.8);
    }

    @Test
    void aRollbackThatTheLogGivesNoTimeTookAMillisecondAtMost() {
        assertThat(new Takeover(MIB, 256, 2_000, 0, 0, 0, 100).restoredMibPerSecond())
                .isEqualTo(1_000);
    }

    @Test
    void theOneInTheMiddleIsThatOfItsSizeHoweverLongDetectionTook() {
        Takeover fast = new Takeover(MIB, 256, 3_000, 1, 10, 1, 100);
        Takeover middle = new Takeover(MIB, 256, 1_000, 1, 20, 1, 100);
        Takeover slow = new Takeover(MIB, 256, 2_000, 1, 30, 1, 100);
        Takeover large = new Takeover(64 * MIB, 16_384, 2_000, 1, 900, 1, 100);
        assertThat(Takeover.middles(List.of(slow, large, fast, middle))).containsExactly(middle, large);
        assertThat(Table.takeovers(List.of(slow, large, fast, middle)).subList(1, 3))
                .containsExactly(
                        "     1 MiB  detected  1,000 ms  fenced    1 ms  rolled back     20 ms  resumed    1 ms"
                                + "  in all  1,022 ms; rollback    50 MiB/s, dd   100, / dd 0.50",
                        "    64 MiB  detected  2,000 ms  fenced    1 ms  rolled back    900 ms  resumed    1 ms"
                                + "  in all  2,902 ms; rollback    71 MiB/s, dd   100, / dd 0.71");
    }

    @Test
    void aSizeWithoutRoomIsLeftOutAndThatIsSaid() {
        List<String> lacking = new ArrayList<>();
        assertThat(TakeoverRun.withRoom(List.of(MIB, 64 * MIB, 4096 * MIB), 224 * MIB, lacking))
                .containsExactly(MIB, 64 * MIB);
        assertThat(lacking).containsExactly("takeover with 4096 MiB overwritten: less than 14336 MiB are free");
    }

    @Test
    void whatDdWroteIsWhatItSays() {
        assertThat(DirectWrites.mibPerSecond("""
                64+0 records in
                64+0 records out
                67108864 bytes (67 MB, 64 MiB) copied, 0.25 s, 268 MB/s
                """)).isEqualTo(256);
        assertThat(DirectWrites.mibPerSecond("1048576 bytes (1.0 MB, 1.0 MiB) copied, 5e-04 s, 2.1 GB/s"))
                .isEqualTo(2_000);
        assertThatThrownBy(() -> DirectWrites.mibPerSecond("dd: failed to open"))
                .isInstanceOf(BenchException.class)
                .hasMessage("dd did not say what it wrote: dd: failed to open");
    }
}
