package dev.unwrite.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unwrite.host.OldData;
import dev.unwrite.nbd.Allocation;
import dev.unwrite.nbd.BlockDevice;
import dev.unwrite.nbd.MemoryDevice;
import dev.unwrite.protocol.Extent;
import dev.unwrite.trace.BlockHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is read of old data, and what is known without. */
class OldDataReaderTest {
    private static final int BLOCK = Extent.BLOCK_BYTES;
    private static final int SIZE = 8 << 20;

    /** Tells, from each offset on, the parts that it was given; says what is read. */
    private static final class Telling implements BlockDevice {
        private final MemoryDevice device = new MemoryDevice(SIZE);
        private final List<Allocation> parts;
        private final boolean tells;
        final List<String> calls = new ArrayList<>();

        Telling(boolean tells, Allocation... parts) throws IOException {
            this.tells = tells;
            this.parts = List.of(parts);
            byte[] full = new byte[SIZE];
            Arrays.fill(full, (byte) 7);
            device.write(0, ByteBuffer.wrap(full), false);
        }

        @Override
        public long size() {
            return SIZE;
        }

        @Override
        public boolean readOnly() {
            return true;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            calls.add("read " + offset / BLOCK + "+" + target.remaining() / BLOCK);
            device.read(offset, target);
        }

        @Override
        public void write(long offset, ByteBuffer source, boolean fua) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void trim(long offset, long length, boolean fua) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void writeZeroes(long offset, long length, boolean noHole, boolean fua) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void flush() {}

        @Override
        public boolean tellsAllocation() {
            return tells;
        }

        @Override
        public List<Allocation> allocation(long offset, long length) {
            calls.add("ask " + offset / BLOCK + "+" + length / BLOCK);
            return parts;
        }

        @Override
        public void close() {}
    }

    private static List<String> shown(OldData old) {
        return old.parts().stream()
                .map(part -> (part.data() == null ? "zero " : "data ") + part.first() + "+" + part.count())
                .toList();
    }

    @Test
    void smallExtentsAreReadWithoutAQuestion() throws IOException {
        Telling volume = new Telling(true, Allocation.emptiness(SIZE));
        Extent small = new Extent(3, 5, OldDataReader.ASKING_BLOCKS);
        OldData old = OldDataReader.read(volume, small);
        assertThat(volume.calls).containsExactly("read 5+16");
        assertThat(old.extent()).isEqualTo(small);
        assertThat(shown(old)).containsExactly("data 5+16");
        assertThat(old.parts().getFirst().data()).isEqualTo(filled(16));
    }

    private static ByteBuffer filled(int blocks) {
        byte[] bytes = new byte[blocks * BLOCK];
        Arrays.fill(bytes, (byte) 7);
        return ByteBuffer.wrap(bytes);
    }

    @Test
    void whoCannotSayIsNotAsked() throws IOException {
        Telling volume = new Telling(false, Allocation.emptiness(SIZE));
        OldDataReader.read(volume, new Extent(0, 0, 17));
        assertThat(volume.calls).containsExactly("read 0+17");
    }

    @Test
    void zeroesAreNotReadHoweverManyTheyAre() throws IOException {
        Telling volume = new Telling(true, Allocation.emptiness(750L * BLOCK));
        OldData old = OldDataReader.read(volume, new Extent(0, 10, 1500));
        assertThat(volume.calls).containsExactly("ask 10+1500", "ask 760+750");
        assertThat(shown(old)).containsExactly("zero 10+750", "zero 760+750");
        assertThat(old.hashes()).hasSize(1500).containsOnly(BlockHash.ZERO);
    }

    @Test
    void whatIsNotZeroIsReadInPartsThatHaveALimit() throws IOException {
        Telling volume = new Telling(
                true,
                Allocation.data(20L * BLOCK),
                Allocation.emptiness(30L * BLOCK),
                // That it is a hole does not say that it is zero.
                new Allocation(50L * BLOCK, true, false),
                new Allocation(40L * BLOCK, false, true),
                // Too few to be worth a part of their own.
                Allocation.data(BLOCK),
                Allocation.emptiness(15L * BLOCK),
                Allocation.data(344L * BLOCK));
        Extent all = new Extent(0, 100, 500);
        OldData old = OldDataReader.read(volume, all);
        assertThat(old.extent()).isEqualTo(all);
        assertThat(shown(old))
                .containsExactly(
                        "data 100+20", "zero 120+30", "data 150+50", "zero 200+40", "data 240+256", "data 496+104");
        assertThat(volume.calls)
                .containsExactly("ask 100+500", "read 100+20", "read 150+50", "read 240+256", "read 496+104");
        int[] hashes = old.hashes();
        int seven = BlockHash.of(filled(1))[0];
        for (int i = 0; i < 500; i++) {
            boolean zero = (i >= 20 && i < 50) || (i >= 100 && i < 140);
            assertThat(hashes[i]).isEqualTo(zero ? BlockHash.ZERO : seven);
        }
    }

    /** Parts that do not begin and end with blocks: what is a block of zeroes in part only is read. */
    @Test
    void onlyWholeBlocksAreZero() throws IOException {
        Telling volume = new Telling(
                true, Allocation.data(100), Allocation.emptiness(20L * BLOCK), Allocation.data(12L * BLOCK - 100));
        OldData old = OldDataReader.read(volume, new Extent(0, 0, 32));
        assertThat(shown(old)).containsExactly("data 0+1", "zero 1+19", "data 20+12");
    }
}
