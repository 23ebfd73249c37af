package dev.unwrite.conformance.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** The machine: it remembers what it wrote to each block, and tells the outside of each write. */
final class Machine {
    private static final int PARTS = 2;
    private static final int MAX_SAVED = 16;

    private final int[] memory;
    private final List<Said> output = new ArrayList<>();
    private final NavigableMap<Long, byte[]> saved = new TreeMap<>();

    /** Word of a write; {@code epoch} is the one in which it was said. */
    record Said(int block, int value, long epoch) {}

    Machine(int blocks) {
        this.memory = new int[blocks];
    }

    void write(int first, int[] values, long epoch) {
        for (int i = 0; i < values.length; i++) {
            memory[first + i] = values[i];
            output.add(new Said(first + i, values[i], epoch));
        }
    }

    int value(int block) {
        return memory[block];
    }

    int[] memory() {
        return memory.clone();
    }

    void load(int[] values) {
        System.arraycopy(values, 0, memory, 0, memory.length);
        output.clear();
        saved.clear();
    }

    void load(byte[] state) {
        load(values(state));
    }

    static int[] values(byte[] state) {
        int[] values = new int[state.length / Integer.BYTES];
        ByteBuffer.wrap(state).asIntBuffer().get(values);
        return values;
    }

    void forget() {
        Arrays.fill(memory, 0);
        output.clear();
        saved.clear();
    }

    /** Keeps the state of this moment, to be sent until it is committed. */
    void save(long epoch) {
        ByteBuffer bytes = ByteBuffer.allocate(memory.length * Integer.BYTES);
        bytes.asIntBuffer().put(memory);
        saved.put(epoch, bytes.array());
        while (saved.size() > MAX_SAVED) {
            saved.pollFirstEntry();
        }
    }

    List<Message.Part> parts(int to, long term, long epoch) {
        byte[] state = saved.get(epoch);
        List<Message.Part> parts = new ArrayList<>();
        if (state != null) {
            CRC32C crc = new CRC32C();
            crc.update(state);
            int size = state.length / PARTS;
            for (int i = 0; i < PARTS; i++) {
                ByteBuffer bytes =
                        ByteBuffer.wrap(state, i * size, size).slice().asReadOnlyBuffer();
                parts.add(new Message.Part(to, term, epoch, i * size, bytes, state.length, crc.getValue()));
            }
        }
        return parts;
    }

    /** How much was said and has not left. */
    int unsaid() {
        return output.size();
    }

    /** What was said before the cut that began the epoch. */
    List<Said> release(long epoch) {
        List<Said> leaving = output.stream().filter(said -> said.epoch < epoch).toList();
        output.removeAll(leaving);
        return leaving;
    }

    List<Said> releaseAll() {
        List<Said> leaving = List.copyOf(output);
        output.clear();
        return leaving;
    }

    @Override
    public String toString() {
        return Arrays.toString(memory);
    }
}
