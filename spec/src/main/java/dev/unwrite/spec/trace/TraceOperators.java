package dev.unwrite.spec.trace;

import java.util.HashMap;
import java.util.Map;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Enumerable;
import tlc2.value.impl.IntValue;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import tlc2.value.impl.ValueEnumeration;

/** Operators of {@code UnwriteTrace.tla} that look at every block in each step; runs in TLC's JVM. */
public final class TraceOperators {
    static final StringValue BLOCK = new StringValue("block");
    private static final StringValue EPOCH = new StringValue("epoch");
    static final StringValue VALUE = new StringValue("value");

    private TraceOperators() {}

    /** Whether the oldest copies, and where there are none what is on the storage, make up the state. */
    @TLAPlusOperator(identifier = "Rebuilds", module = "UnwriteTrace", warn = false)
    public static Value rebuilds(Value copies, Value state, Value now, Value durable) {
        Map<Integer, RecordValue> oldest = new HashMap<>();
        ValueEnumeration all = ((Enumerable) copies).elements();
        for (Value copy = all.nextElement(); copy != null; copy = all.nextElement()) {
            RecordValue record = (RecordValue) copy.toRcd();
            oldest.merge(number(record, BLOCK), record, (a, b) -> number(a, EPOCH) <= number(b, EPOCH) ? a : b);
        }
        Value[] wanted = elements(state);
        Value[] cached = elements(now);
        Value[] flushed = elements(durable);
        for (int i = 0; i < wanted.length; i++) {
            RecordValue copy = oldest.get(i + 1);
            boolean there = copy == null
                    ? cached[i].equals(wanted[i]) && flushed[i].equals(wanted[i])
                    : copy.apply(VALUE, 0).equals(wanted[i]);
            if (!there) {
                return BoolValue.ValFalse;
            }
        }
        return BoolValue.ValTrue;
    }

    /** How many blocks have a value that is not 0. */
    @TLAPlusOperator(identifier = "UnderWay", module = "UnwriteTrace", warn = false)
    public static Value underWay(Value writes) {
        int count = 0;
        for (Value value : elements(writes)) {
            count += ((IntValue) value).val == 0 ? 0 : 1;
        }
        return IntValue.gen(count);
    }

    static int number(RecordValue record, StringValue field) {
        return ((IntValue) record.apply(field, 0)).val;
    }

    /** What a function of {@code Block}, which is {@code 1..n}, has for each. */
    static Value[] elements(Value function) {
        return ((TupleValue) function.toTuple()).elems;
    }
}
