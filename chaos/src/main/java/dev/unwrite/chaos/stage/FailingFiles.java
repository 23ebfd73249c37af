package dev.unwrite.chaos.stage;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gives a storage a disk that answers with errors for a while, and is well again without a restart: a Java agent that puts
 * itself between the storage's own classes and {@link FileChannel}. While a certain file says {@value #ALL}, each read, write and
 * sync fails and does nothing else; while it says {@value #READ}, each read; the file beside it grows by a byte for each. (What the
 * kernel could do instead, this kernel may lack: device-mapper, fault injection.)
 */
public final class FailingFiles {
    /** Everything fails. */
    public static final String ALL = "EIO";

    /** Only reads fail. */
    public static final String READ = "read";

    private static final String OWN = "dev/unwrite/storage/";
    private static Path switchFile = Path.of("");

    private FailingFiles() {}

    /** Writes the agent to a file, and returns the option of a JVM whose calls fail as {@code switchFile} says. */
    public static String option(Path jar, Path switchFile) {
        Launch.agent(jar, FailingFiles.class);
        return "-javaagent:" + jar + "=" + switchFile;
    }

    /** Called by the JVM; {@code path} is the file that makes calls fail. */
    public static void premain(String path, Instrumentation instrumentation) {
        switchFile = Path.of(path);
        instrumentation.addTransformer(new Redirection());
    }

    /** Instead of {@link FileChannel#read(ByteBuffer, long)}. */
    public static int read(FileChannel channel, ByteBuffer target, long at) throws IOException {
        mayFail(READ);
        return channel.read(target, at);
    }

    /** Instead of {@link FileChannel#write(ByteBuffer, long)}. */
    public static int write(FileChannel channel, ByteBuffer source, long at) throws IOException {
        mayFail("write");
        return channel.write(source, at);
    }

    /** Instead of {@link FileChannel#write(ByteBuffer)}. */
    public static int write(FileChannel channel, ByteBuffer source) throws IOException {
        mayFail("write");
        return channel.write(source);
    }

    /** Instead of {@link FileChannel#force}. */
    public static void force(FileChannel channel, boolean metadata) throws IOException {
        mayFail("sync");
        channel.force(metadata);
    }

    private static void mayFail(String what) throws IOException {
        if (Files.exists(switchFile) && List.of(ALL, what).contains(said())) {
            Files.write(failures(switchFile), new byte[1], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            throw new IOException("Input/output error (" + what + ")");
        }
    }

    private static String said() throws IOException {
        try {
            return Files.readString(switchFile).strip();
        } catch (NoSuchFileException e) {
            return ""; // It is well again since it was looked for.
        }
    }

    /** The file that has a byte for each call that failed. */
    public static Path failures(Path switchFile) {
        return switchFile.resolveSibling(switchFile.getFileName() + ".failures");
    }

    private static final class Redirection implements ClassFileTransformer {
        private static final ClassDesc HERE = ClassDesc.of(FailingFiles.class.getName());
        private static final ClassDesc CHANNEL = ClassDesc.of(FileChannel.class.getName());
        private static final Set<String> CALLS = Set.of(
                "read(Ljava/nio/ByteBuffer;J)I",
                "write(Ljava/nio/ByteBuffer;J)I",
                "write(Ljava/nio/ByteBuffer;)I",
                "force(Z)V");

        @Override
        public byte @Nullable [] transform(
                @Nullable ClassLoader loader,
                @Nullable String name,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] bytes) {
            if (name == null || !name.startsWith(OWN)) {
                return null;
            }
            ClassFile classes = ClassFile.of();
            CodeTransform redirect = (builder, element) -> {
                if (element instanceof InvokeInstruction call && isFileCall(call)) {
                    builder.invokestatic(
                            HERE, call.name().stringValue(), call.typeSymbol().insertParameterTypes(0, CHANNEL));
                } else {
                    builder.with(element);
                }
            };
            return classes.transformClass(classes.parse(bytes), ClassTransform.transformingMethodBodies(redirect));
        }

        private static boolean isFileCall(InvokeInstruction call) {
            return call.opcode() == Opcode.INVOKEVIRTUAL
                    && call.owner().asSymbol().equals(CHANNEL)
                    && CALLS.contains(call.name().stringValue() + call.type().stringValue());
        }
    }
}
