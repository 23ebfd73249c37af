package tlc2.overrides;

import dev.unwrite.spec.trace.TraceOperators;
import dev.unwrite.spec.trace.TracedMachine;
import dev.unwrite.spec.trace.UnwriteTraceReader;

/** TLC finds the operators that are written in Java by the name of this class. */
public final class TLCOverrides implements ITLCOverrides {
    /** Called by TLC. */
    public TLCOverrides() {}

    @Override
    @SuppressWarnings("rawtypes")
    public Class[] get() {
        // Models are checked as the specification is written.
        return UnwriteTraceReader.hasTrace()
                ? new Class[] {UnwriteTraceReader.class, TraceOperators.class, TracedMachine.class}
                : new Class[] {UnwriteTraceReader.class, TraceOperators.class};
    }
}
