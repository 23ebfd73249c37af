package dev.unwrite.conformance.graph;

import dev.unwrite.conformance.graph.SpecHost.Copy;
import dev.unwrite.conformance.graph.SpecHost.Flush;
import dev.unwrite.conformance.graph.SpecHost.Held;
import dev.unwrite.conformance.graph.SpecHost.Message;
import dev.unwrite.conformance.graph.SpecState.SpecRecord;
import dev.unwrite.conformance.graph.SpecState.Write;
import dev.unwrite.spec.graph.StateGraph;
import dev.unwrite.spec.value.TlaValue;
import dev.unwrite.spec.value.TlaValue.Fcn;
import dev.unwrite.spec.value.TlaValue.Int;
import dev.unwrite.spec.value.TlaValue.SetOf;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the states of a graph of {@code Unwrite.tla}. Each value of a variable is read once. */
final class SpecStates {
    private final StateGraph graph;
    private final List<String> hosts;
    private final List<String> blocks;
    private final Map<String, Integer> variables = new HashMap<>();
    private final List<@Nullable Object[]> read = new ArrayList<>();

    SpecStates(StateGraph graph) {
        this.graph = graph;
        for (String name : graph.variables()) {
            variables.put(name, variables.size());
            read.add(new @Nullable Object[graph.valuesOf(variables.size() - 1)]);
        }
        hosts = keys(graph.value(variable("role"), 0));
        blocks = keys(graph.value(variable("disk"), 0));
    }

    /** The names of the hosts, in order. */
    List<String> hosts() {
        return hosts;
    }

    /** The number of a block. */
    int block(String name) {
        return blocks.indexOf(name);
    }

    SpecState state(int number) {
        Map<String, SpecHost> byName = new LinkedHashMap<>();
        for (String host : hosts) {
            byName.put(host, host(number, host));
        }
        return new SpecState(
                number,
                blocks.size(),
                value(number, "record", this::record),
                value(number, "session", value -> byHost(value, SpecStates::integer)),
                byName,
                value(number, "wire", value -> set(value, this::write)),
                value(number, "replies", value -> set(value, this::write)),
                value(number, "net", value -> set(value, this::message)),
                value(number, "spent", SpecStates::numbers));
    }

    private SpecHost host(int number, String host) {
        return new SpecHost(
                of(number, "role", host, TlaValue::plain),
                of(number, "term", host, SpecStates::integer),
                of(number, "mode", host, TlaValue::plain),
                of(number, "epoch", host, SpecStates::integer),
                of(number, "mine", host, SpecStates::integer),
                of(number, "mem", host, this::contents),
                of(number, "pending", host, this::contents),
                of(number, "sent", host, this::mask),
                of(number, "kept", host, this::mask),
                of(number, "dirty", host, this::mask),
                of(number, "asked", host, value -> set(value, this::flush)),
                of(number, "cuts", host, this::cuts),
                of(number, "safe", host, this::contents),
                of(number, "staged", host, value -> set(value, this::message)),
                of(number, "reading", host, value -> set(value, this::copy)),
                of(number, "log", host, value -> set(value, this::copy)),
                of(number, "ckpt", host, value -> new Maybe(held(value))).held);
    }

    /** A checkpoint or none; a map does not take null. */
    private record Maybe(@Nullable Held held) {}

    private <T> T of(int number, String variable, String host, Function<TlaValue, T> reader) {
        T value = value(number, variable, all -> byHost(all, reader)).get(host);
        if (value == null) {
            throw new IllegalArgumentException(variable + " has no " + host);
        }
        return value;
    }

    @SuppressWarnings("unchecked") // A variable is always read by the same reader.
    private <T> T value(int state, String variable, Function<TlaValue, T> reader) {
        int index = variable(variable);
        int number = graph.number(state, index);
        @Nullable Object[] known = read.get(index);
        Object value = known[number];
        if (value == null) {
            value = reader.apply(graph.value(index, number));
            known[number] = value;
        }
        return (T) value;
    }

    private int variable(String name) {
        Integer index = variables.get(name);
        if (index == null) {
            throw new IllegalArgumentException("the graph has no variable " + name);
        }
        return index;
    }

    private <T> Map<String, T> byHost(TlaValue value, Function<TlaValue, T> reader) {
        Map<String, T> result = new HashMap<>();
        for (String host : hosts) {
            result.put(host, reader.apply(field(value, host)));
        }
        return result;
    }

    private List<Integer> contents(TlaValue value) {
        return blocks.stream().map(block -> (int) integer(field(value, block))).toList();
    }

    private int mask(TlaValue value) {
        int mask = 0;
        for (TlaValue block : elements(value)) {
            mask |= 1 << block(block.plain());
        }
        return mask;
    }

    private NavigableMap<Long, List<Integer>> cuts(TlaValue value) {
        NavigableMap<Long, List<Integer>> cuts = new TreeMap<>();
        for (TlaValue cut : elements(value)) {
            cuts.put(integer(field(cut, "epoch")), contents(field(cut, "state")));
        }
        return cuts;
    }

    private Message message(TlaValue value) {
        Fcn fields = (Fcn) value;
        return new Message(
                field(value, "type").plain(),
                field(value, "to").plain(),
                integer(field(value, "term")),
                integer(field(value, "epoch")),
                fields.field("block").map(block -> block(block.plain())).orElse(-1),
                fields.field("value").map(content -> (int) integer(content)).orElse(0),
                fields.field("base").map(SpecStates::integer).orElse(0L));
    }

    private Copy copy(TlaValue value) {
        return new Copy(
                integer(field(value, "term")),
                integer(field(value, "epoch")),
                block(field(value, "block").plain()),
                (int) integer(field(value, "value")));
    }

    private Write write(TlaValue value) {
        return new Write(
                field(value, "host").plain(),
                integer(field(value, "session")),
                integer(field(value, "term")),
                block(field(value, "block").plain()),
                (int) integer(field(value, "value")),
                Boolean.parseBoolean(field(value, "fua").plain()));
    }

    private Flush flush(TlaValue value) {
        return new Flush(
                integer(field(value, "n")),
                contents(field(value, "state")),
                mask(field(value, "writes")),
                mask(field(value, "owes")));
    }

    private @Nullable Held held(TlaValue value) {
        return value instanceof Fcn
                ? new Held(
                        integer(field(value, "term")), integer(field(value, "epoch")), contents(field(value, "state")))
                : null;
    }

    private SpecRecord record(TlaValue value) {
        return new SpecRecord(
                integer(field(value, "term")),
                name(field(value, "owner")),
                field(value, "mode").plain(),
                name(field(value, "secondary")),
                integer(field(value, "base")));
    }

    private static String name(TlaValue value) {
        return value instanceof TlaValue.Str name ? name.value() : "";
    }

    private static Map<String, Long> numbers(TlaValue value) {
        Map<String, Long> numbers = new LinkedHashMap<>();
        ((Fcn) value).entries().forEach((key, number) -> numbers.put(key.plain(), integer(number)));
        return numbers;
    }

    private static <T> Set<T> set(TlaValue value, Function<TlaValue, T> reader) {
        Set<T> result = new LinkedHashSet<>();
        elements(value).forEach(element -> result.add(reader.apply(element)));
        return result;
    }

    private static List<TlaValue> elements(TlaValue value) {
        return ((SetOf) value).elements();
    }

    private static List<String> keys(TlaValue value) {
        return ((Fcn) value)
                .entries().keySet().stream().map(TlaValue::plain).sorted().toList();
    }

    private static TlaValue field(TlaValue value, String name) {
        return ((Fcn) value)
                .field(name)
                .orElseThrow(() -> new IllegalArgumentException("no field " + name + " in " + value));
    }

    private static long integer(TlaValue value) {
        return ((Int) value).value();
    }
}
