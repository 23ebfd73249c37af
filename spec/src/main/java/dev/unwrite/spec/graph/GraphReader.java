package dev.unwrite.spec.graph;

import dev.unwrite.spec.value.TlaParser;
import dev.unwrite.spec.value.TlaValue;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads a graph from a file ({@link GraphFormat}). */
final class GraphReader implements Closeable {
    private static final int BUFFER_BYTES = 1 << 20;
    /** No name or value is longer. */
    private static final int TEXT_BYTES_MAX = 1 << 24;
    /** A specification has fewer variables. */
    private static final int VARIABLES_MAX = 1_000;

    private final Path file;
    private final DataInputStream in;
    private final List<String> variables = new ArrayList<>();
    private final List<List<TlaValue>> values = new ArrayList<>();
    private final List<StepLabel> labels = new ArrayList<>();
    private int[] numbers = new int[1 << 12];
    private int states;
    private int initial;
    private int[] edges = new int[1 << 12];
    private int edgeCount;

    GraphReader(Path file) throws IOException {
        this.file = file;
        in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES));
    }

    StateGraph read() throws IOException {
        try {
            while (true) {
                int item = in.readUnsignedByte();
                switch (item) {
                    case GraphFormat.VARIABLES -> begin();
                    case GraphFormat.VALUE -> values.get(in.readInt()).add(TlaParser.value(text()));
                    case GraphFormat.LABEL -> labels.add(StepLabel.of(text()));
                    case GraphFormat.INITIAL -> {
                        state();
                        initial++;
                    }
                    case GraphFormat.EDGE -> edge(in.readInt(), in.readInt(), in.readInt());
                    case GraphFormat.NEW -> {
                        edge(in.readInt(), states, in.readInt());
                        state();
                    }
                    case GraphFormat.END -> {
                        return end();
                    }
                    default -> throw new IOException(file + " is no graph: an item " + item);
                }
            }
        } catch (EOFException e) {
            throw new IOException(file + " is no whole graph: it has no end");
        } catch (IndexOutOfBoundsException e) {
            throw new IOException(file + " is no graph: a number is out of range: " + e.getMessage());
        }
    }

    private void begin() throws IOException {
        int count = in.readInt();
        if (count < 1 || count > VARIABLES_MAX || !variables.isEmpty()) {
            throw new IOException(file + " is no graph: " + count + " variables");
        }
        for (int i = 0; i < count; i++) {
            variables.add(text());
            values.add(new ArrayList<>());
        }
    }

    private void state() throws IOException {
        int width = variables.size();
        int from = Math.multiplyExact(states, width);
        if (from + width > numbers.length) {
            numbers = Arrays.copyOf(numbers, Math.max(from + width, 2 * numbers.length));
        }
        for (int i = 0; i < width; i++) {
            numbers[from + i] = in.readInt();
        }
        states++;
    }

    private void edge(int source, int target, int label) {
        int from = Math.multiplyExact(edgeCount, 3);
        if (from + 3 > edges.length) {
            edges = Arrays.copyOf(edges, 2 * edges.length);
        }
        edges[from] = source;
        edges[from + 1] = target;
        edges[from + 2] = label;
        edgeCount++;
    }

    private StateGraph end() throws IOException {
        int statesWritten = in.readInt();
        long edgesWritten = in.readLong();
        if (statesWritten != states || edgesWritten != edgeCount) {
            throw new IOException(file + " is no whole graph: " + states + " states of " + statesWritten + ", "
                    + edgeCount + " edges of " + edgesWritten);
        }
        return new StateGraph(variables, values, numbers, states, initial, labels, edges, edgeCount);
    }

    private String text() throws IOException {
        int length = in.readInt();
        if (length < 0 || length > TEXT_BYTES_MAX) {
            throw new IOException(file + " is no graph: a text of " + length + " bytes");
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
