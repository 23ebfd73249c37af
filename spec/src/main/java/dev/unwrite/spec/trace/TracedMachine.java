package dev.unwrite.spec.trace;

import java.util.BitSet;
import tlc2.overrides.TLAPlusOperator;
import tlc2.value.impl.BoolValue;
import tlc2.value.impl.Enumerable;
import tlc2.value.impl.RecordValue;
import tlc2.value.impl.StringValue;
import tlc2.value.impl.TupleValue;
import tlc2.value.impl.Value;
import tlc2.value.impl.ValueEnumeration;

/** Operators of {@code Unwrite.tla} for traces, which have thousands of blocks; runs in TLC's JVM. */
public final class TracedMachine {
    private static final StringValue SAME = new StringValue("same");

    private TracedMachine() {}

    /** The state that parts make up, over the one before: in one pass, where the specification looks for the part of each block. */
    @TLAPlusOperator(identifier = "Merged", module = "Unwrite", warn = false)
    public static Value merged(Value parts, Value before) {
        Value[] state = TraceOperators.elements(before).clone();
        BitSet seen = new BitSet();
        ValueEnumeration all = ((Enumerable) parts).elements();
        for (Value part = all.nextElement(); part != null; part = all.nextElement()) {
            RecordValue record = (RecordValue) part.toRcd();
            int block = TraceOperators.number(record, TraceOperators.BLOCK);
            if (!seen.get(block) && !record.apply(SAME, 0).equals(BoolValue.ValTrue)) {
                state[block - 1] = record.apply(TraceOperators.VALUE, 0);
            }
            seen.set(block);
        }
        return new TupleValue(state);
    }
}
