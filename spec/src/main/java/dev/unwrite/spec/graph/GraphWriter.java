package dev.unwrite.spec.graph;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tla2sany.semantic.FormalParamNode;
import tla2sany.semantic.OpDeclNode;
import tlc2.tool.Action;
import tlc2.tool.TLCState;
import tlc2.util.BitVector;
import tlc2.util.FP64;
import tlc2.util.IStateWriter;
import tlc2.value.IValue;

/** Writes what TLC finds into a file ({@link GraphFormat}). Runs in TLC's JVM, with one worker. */
final class GraphWriter implements IStateWriter {
    private static final int BUFFER_BYTES = 1 << 20;

    private final Path file;
    private final DataOutputStream out;
    private final Map<Long, Integer> states = new HashMap<>();
    private final List<Map<Long, Integer>> values = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private OpDeclNode[] variables = new OpDeclNode[0];
    private @Nullable TLCState source;
    private int sourceNumber;
    private long edges;

    GraphWriter(Path file) throws IOException {
        this.file = file;
        out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES));
    }

    @Override
    public synchronized void writeState(TLCState state) {
        try {
            if (states.putIfAbsent(state.fingerPrint(), states.size()) == null) {
                int[] numbers = numbers(state);
                out.write(GraphFormat.INITIAL);
                write(numbers);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void writeState(TLCState from, TLCState to, boolean isNew, Action action) {
        try {
            int label = label(action);
            int known = states.getOrDefault(to.fingerPrint(), -1);
            edges++;
            if (known >= 0) {
                out.write(GraphFormat.EDGE);
                out.writeInt(numberOf(from));
                out.writeInt(known);
                out.writeInt(label);
                return;
            }
            states.put(to.fingerPrint(), states.size());
            int[] numbers = numbers(to);
            out.write(GraphFormat.NEW);
            out.writeInt(numberOf(from));
            out.writeInt(label);
            write(numbers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** TLC takes all steps of one state, then those of the next. */
    @SuppressWarnings("ReferenceEquality")
    private int numberOf(TLCState from) {
        if (from != source) {
            source = from;
            sourceNumber = states.getOrDefault(from.fingerPrint(), -1);
        }
        return sourceNumber;
    }

    private int[] numbers(TLCState state) throws IOException {
        if (variables.length == 0) {
            begin(state.getVars());
        }
        int[] numbers = new int[variables.length];
        for (int i = 0; i < numbers.length; i++) {
            IValue value = state.lookup(variables[i].getName());
            Map<Long, Integer> known = values.get(i);
            Integer number = known.putIfAbsent(value.fingerPrint(FP64.New()), known.size());
            if (number == null) {
                number = known.size() - 1;
                out.write(GraphFormat.VALUE);
                out.writeInt(i);
                text(value.toString());
            }
            numbers[i] = number;
        }
        return numbers;
    }

    private void begin(OpDeclNode[] names) throws IOException {
        variables = names;
        out.write(GraphFormat.VARIABLES);
        out.writeInt(names.length);
        for (OpDeclNode name : names) {
            values.add(new HashMap<>());
            text(name.getName().toString());
        }
    }

    private int label(Action action) throws IOException {
        StringBuilder label = new StringBuilder(String.valueOf(action.getName()));
        String before = "(";
        for (FormalParamNode parameter : action.getOpDef().getParams()) {
            Object value = action.con.lookup(parameter);
            label.append(before).append(parameter.getName()).append('=').append(value);
            before = ",";
        }
        String text = before.equals(",") ? label.append(')').toString() : label.toString();
        Integer number = labels.putIfAbsent(text, labels.size());
        if (number != null) {
            return number;
        }
        out.write(GraphFormat.LABEL);
        text(text);
        return labels.size() - 1;
    }

    private void write(int[] numbers) throws IOException {
        for (int number : numbers) {
            out.writeInt(number);
        }
    }

    private void text(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    @Override
    public synchronized void close() {
        try {
            out.write(GraphFormat.END);
            out.writeInt(states.size());
            out.writeLong(edges);
            out.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void writeState(TLCState from, TLCState to, boolean isNew) {
        throw unexpected();
    }

    @Override
    public void writeState(TLCState from, TLCState to, boolean isNew, Visualization how) {
        throw unexpected();
    }

    @Override
    public void writeState(TLCState from, TLCState to, BitVector checks, int begin, int length, boolean isNew) {
        throw unexpected();
    }

    @Override
    public void writeState(
            TLCState from, TLCState to, BitVector checks, int begin, int length, boolean isNew, Visualization how) {
        throw unexpected();
    }

    /** Those are the steps of liveness checking; a graph is asked for nothing. */
    private static IllegalStateException unexpected() {
        return new IllegalStateException("TLC reported a step without its action");
    }

    @Override
    public String getDumpFileName() {
        return file.toString();
    }

    @Override
    public boolean isNoop() {
        return false;
    }

    @Override
    public boolean isDot() {
        return false;
    }

    @Override
    public void snapshot() {
        // Only for those who look on.
    }
}
