package dev.unwrite.chaos.stage;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Gives one program a wall clock that is wrong: a Java agent that puts itself between the program's own classes and
 * {@link Instant#now()} and {@link System#currentTimeMillis()}. Time that passes is as long as ever. (Libraries that do this
 * from outside get between the JVM and its timed waits as well: it then stands still for seconds.)
 */
public final class WrongClock {
    private static final String OWN = "dev/unwrite/";
    private static volatile long offsetMillis;

    private WrongClock() {}

    /** Called by the JVM; {@code offset} is in seconds. */
    public static void premain(String offset, Instrumentation instrumentation) {
        offsetMillis = Long.parseLong(offset.strip()) * 1_000;
        instrumentation.addTransformer(new Redirection());
    }

    /** Instead of {@link Instant#now()}. */
    public static Instant now() {
        return Instant.now().plusMillis(offsetMillis);
    }

    /** Instead of {@link System#currentTimeMillis()}. */
    public static long currentTimeMillis() {
        return System.currentTimeMillis() + offsetMillis;
    }

    private static final class Redirection implements ClassFileTransformer {
        private static final ClassDesc CLOCK = ClassDesc.of(WrongClock.class.getName());

        @Override
        public byte @Nullable [] transform(
                @Nullable ClassLoader loader,
                @Nullable String name,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] bytes) {
            if (name == null || !name.startsWith(OWN) || name.startsWith("dev/unwrite/chaos/")) {
                return null;
            }
            ClassFile classes = ClassFile.of();
            CodeTransform redirect = (builder, element) -> {
                if (element instanceof InvokeInstruction call && isClock(call)) {
                    builder.invokestatic(CLOCK, call.name().stringValue(), call.typeSymbol());
                } else {
                    builder.with(element);
                }
            };
            return classes.transformClass(classes.parse(bytes), ClassTransform.transformingMethodBodies(redirect));
        }

        private static boolean isClock(InvokeInstruction call) {
            String what = call.owner().asInternalName() + "." + call.name().stringValue()
                    + call.type().stringValue();
            return call.opcode() == Opcode.INVOKESTATIC
                    && (what.equals("java/time/Instant.now()Ljava/time/Instant;")
                            || what.equals("java/lang/System.currentTimeMillis()J"));
        }
    }
}
