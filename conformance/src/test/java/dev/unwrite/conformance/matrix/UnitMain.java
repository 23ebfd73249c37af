package dev.unwrite.conformance.matrix;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Layer {@code unit}, in a JVM of its own: runs unit tests of impl until one fails. Arguments: packages whose tests come
 * first, as the mutant is there; or the tests to run and no others.
 */
final class UnitMain {
    /** Fast tests, those that see most first. */
    static final List<String> TESTS = List.of(
            "protocol.RulesTest",
            "protocol.BlockSetTest",
            "storage.StorageCoreTest",
            "storage.StorageGroupTest",
            "storage.StorageObserverTest",
            "storage.RecordStoreTest",
            "storage.StorageIdentityTest",
            "storage.FlushGroupTest",
            "storage.FileBackendTest",
            "undo.UndoLogTest",
            "undo.SegmentPoolTest",
            "undo.InlineUndoLogTest",
            "undo.UndoLogFaultTest",
            "checkpoint.CheckpointStoreTest",
            "node.FolderTest",
            "host.PolicyTest",
            "host.PartsTest",
            "host.CopyMessagesTest",
            "host.HostTest",
            "host.PrimaryTest",
            "host.SecondaryTest",
            "host.StatesReceivedTest",
            "host.StatesSentTest",
            "host.CopiesTest",
            "host.CutsTest",
            "host.PeerTest",
            "host.TakeoverTest",
            "host.RollbackTest",
            "host.WritesTest",
            "checkpoint.CheckpointStoreCrashTest",
            "undo.UndoLogCrashTest",
            "protocol.ProtocolPropertiesTest",
            "nbd.NbdLoopbackTest",
            "storage.StorageServerTest");

    /** A test that waits for ever has failed too. */
    private static final String TEST_LIMIT = "30 s";

    private UnitMain() {}

    static void main(String[] packages) throws ClassNotFoundException {
        Launcher launcher = LauncherFactory.create();
        long tests = 0;
        for (String name : sorted(List.of(packages))) {
            Counter counter = new Counter();
            launcher.execute(
                    LauncherDiscoveryRequestBuilder.request()
                            .selectors(selectClass(Class.forName("dev.unwrite." + name)))
                            .configurationParameter("junit.jupiter.execution.timeout.default", TEST_LIMIT)
                            .configurationParameter(
                                    "junit.jupiter.execution.timeout.thread.mode.default", "SEPARATE_THREAD")
                            .build(),
                    counter);
            if (counter.count == 0) {
                System.out.println(name + " ran no test");
                halt(3);
            }
            tests += counter.count;
        }
        System.out.println(tests + " tests passed");
        halt(0);
    }

    private static List<String> sorted(List<String> first) {
        if (first.stream().anyMatch(TESTS::contains)) {
            return first;
        }
        Stream<String> near = TESTS.stream().filter(test -> first.contains(packageOf(test)));
        Stream<String> far = TESTS.stream().filter(test -> !first.contains(packageOf(test)));
        return Stream.concat(near, far).toList();
    }

    private static String packageOf(String test) {
        return test.substring(0, test.lastIndexOf('.'));
    }

    /** Threads of a mutated program may never end. */
    private static void halt(int status) {
        System.out.flush();
        Runtime.getRuntime().halt(status);
    }

    /** Ends the JVM at the first failure. */
    private static final class Counter implements TestExecutionListener {
        private int count;

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            result.getThrowable()
                    .filter(thrown -> result.getStatus() == TestExecutionResult.Status.FAILED)
                    .ifPresent(thrown -> {
                        thrown.printStackTrace(System.out);
                        System.out.println(ChildJvm.CAUGHT + " " + name(test) + ": " + why(thrown));
                        halt(1);
                    });
            count += test.isTest() ? 1 : 0;
        }

        private static String name(TestIdentifier test) {
            String name = test.getSource()
                    .map(source -> switch (source) {
                        case MethodSource method -> method.getClassName() + "." + method.getMethodName();
                        case ClassSource type -> type.getClassName();
                        default -> test.getDisplayName();
                    })
                    .orElse(test.getDisplayName());
            return name.replaceFirst("^([a-z]+\\.)+", "");
        }

        private static String why(Throwable thrown) {
            String text = thrown.getMessage() == null ? thrown.toString() : thrown.getMessage();
            return text.strip().replaceAll("\\s+", " ");
        }
    }
}
