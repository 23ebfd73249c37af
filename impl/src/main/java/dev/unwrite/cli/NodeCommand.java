package dev.unwrite.cli;

import dev.unwrite.files.PrivateFiles;
import dev.unwrite.nbd.NbdUri;
import dev.unwrite.node.HostPort;
import dev.unwrite.node.Node;
import dev.unwrite.node.NodeConfig;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unwrite node}: one host of a pair. */
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Runs one host of a pair. Its role (primary, secondary) follows the ownership record at the storage."
                        + " The primary serves the protected volumes over NBD.",
        footerHeading = "%n",
        footer = {
            "A node that starts beside a primary joins it by itself. The secondary takes over",
            "when the primary was silent for --failover-after, or by the command \"failover\".",
            "With --machine none the machine is whoever connects over NBD; its state is what",
            "\"checkpoint --state FILE\" hands over; after a failover it is the file \"state\"",
            "in --data. A state goes with the checkpoint for which it was handed over, and with",
            "later ones as long as nothing was written since.",
            "SIGTERM ends it in good order: a protected primary hands over to the other host",
            "(for 10 s at most), one that is alone flushes the storage; a secondary tells the",
            "primary. Exit code 0.",
            "Exit codes: 2 what was asked for cannot be done (the message says why), 1 any",
            "other failure.",
            "",
            "Example:",
            "  unwrite node --name A --data a --storage nbd://127.0.0.1:10809 --group vm1 \\",
            "      --listen 127.0.0.1:7001 --peer 127.0.0.1:7002 \\",
            "      --serve nbd://127.0.0.1:10810 --control 127.0.0.1:8001 --bootstrap"
        })
final class NodeCommand implements Callable<Integer> {
    @Option(names = "--name", required = true, paramLabel = "NAME", description = "The name of this host, such as A.")
    private String name = "";

    @Option(
            names = "--data",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the undo log and the checkpoint; created if absent.")
    private Path data = Path.of("");

    @Option(names = "--storage", required = true, paramLabel = "NBD-URI", description = "The shared storage.")
    private String storage = "";

    @Option(names = "--group", required = true, paramLabel = "GROUP", description = "The volumes of one machine.")
    private String group = "";

    @Option(
            names = "--listen",
            required = true,
            converter = HostPortConverter.class,
            paramLabel = "HOST:PORT",
            description = "Where the other host reaches this one.")
    private HostPort listen = new HostPort("127.0.0.1", 0);

    @Option(
            names = "--peer",
            required = true,
            converter = HostPortConverter.class,
            paramLabel = "HOST:PORT",
            description = "--listen of the other host.")
    private HostPort peer = new HostPort("127.0.0.1", 0);

    @Option(
            names = "--serve",
            required = true,
            paramLabel = "NBD-URI",
            description = "Where this host serves the volumes while it is primary.")
    private String serve = "";

    @Option(
            names = "--control",
            required = true,
            converter = HostPortConverter.class,
            paramLabel = "HOST:PORT",
            description = "Where it takes commands.")
    private HostPort control = new HostPort("127.0.0.1", 0);

    @Option(names = "--bootstrap", description = "Claim the group if it has no owner yet.")
    private boolean bootstrap;

    @Option(
            names = "--replace",
            description =
                    "Take the name over from the host that has it, which is dead for good: its checkpoint is given"
                            + " up. Refused while that host is alive.")
    private boolean replace;

    @Option(
            names = "--machine",
            paramLabel = "none|ledger|qemu:FILE",
            defaultValue = "none",
            description =
                    "What runs on the volumes; default: none. FILE has one argument of QEMU a line, the same on both"
                            + " hosts.")
    private String machineName = "none";

    @Option(
            names = "--ledger",
            converter = HostPortConverter.class,
            paramLabel = "HOST:PORT",
            defaultValue = "127.0.0.1:0",
            description = "Where the ledger listens for its clients; default: any free port of loopback.")
    private HostPort ledger = new HostPort("127.0.0.1", 0);

    @Option(
            names = "--ack",
            paramLabel = "durable|memory",
            defaultValue = "durable",
            description = "When copies and checkpoints count as stored: synced to disk, or in the memory of this host.")
    private Ack ack = Ack.DURABLE;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "TIME|manual",
            description = "Default: 50ms; 1s for qemu, manual for none.")
    private @Nullable String checkpointEvery;

    @Option(
            names = "--failover-after",
            paramLabel = "TIME|manual",
            defaultValue = "2s",
            description = "Silence after which the secondary takes over; default: 2s.")
    private String failoverAfter = "2s";

    @Option(
            names = "--undo-limit",
            paramLabel = "MIB",
            defaultValue = "1024",
            description = "The most that the undo log may take, in MiB; default: 1024. The same on both hosts.")
    private long undoLimitMib = 1024;

    @Option(
            names = "--at-undo-limit",
            paramLabel = "hold|alone:TIME",
            defaultValue = "hold",
            description = "What happens to writes that find no room in the undo log: they wait for a checkpoint (hold,"
                    + " the default), or, after TIME, the primary goes on alone, unprotected.")
    private String atUndoLimit = "hold";

    @Option(
            names = "--write-cache",
            paramLabel = "on|off",
            defaultValue = "on",
            description =
                    "When a write without FUA is answered: once this host has it (on, the default; a flush makes it"
                            + " durable), or once it is durable (off; clients see a disk that needs no flush).")
    private WriteCache writeCache = WriteCache.ON;

    @Option(names = "--trace", paramLabel = "DIR", description = "Write each step to a file in DIR.")
    private @Nullable Path trace;

    @Option(names = "--witness", hidden = true, paramLabel = "DIR", description = "Copy the volumes at each cut.")
    private @Nullable Path witness;

    /** A request of 1 MiB takes 2 MiB at worst, and has to fit into nine tenths. */
    private static final long UNDO_LIMIT_MIB_MIN = 4;

    private static final String GUEST = "qemu:";

    @Spec
    private @Nullable CommandSpec spec;

    private enum WriteCache {
        ON,
        OFF
    }

    private enum Ack {
        DURABLE,
        MEMORY
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
        try (LogLines lines = LogLines.withStandardError(err::println)) {
            return serve(lines);
        }
    }

    private Integer serve(LogLines lines) throws InterruptedException {
        Node node = start(line -> lines.accept(Instant.now().truncatedTo(ChronoUnit.MILLIS) + " " + name + " " + line));
        AtomicBoolean over = new AtomicBoolean();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            if (over.compareAndSet(false, true)) {
                                node.stop();
                                lines.close();
                                // To be stopped in good order is no failure, whatever the signal.
                                Runtime.getRuntime().halt(Exit.OK);
                            }
                        },
                        "stop"));
        // Whoever has read it may end the node at once, and in good order.
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        out.println("node " + name + ": control at " + node.controlAt() + ", volumes at " + node.servedAt()
                + " while it is primary");
        out.flush();
        String why = node.awaitEnd();
        over.set(true);
        node.close();
        throw new ExitException(Exit.USAGE, "node " + name + " ends: " + why);
    }

    private static NodeConfig.MachineKind kind(String machine) {
        return switch (machine) {
            case "none" -> NodeConfig.MachineKind.NONE;
            case "ledger" -> NodeConfig.MachineKind.LEDGER;
            default -> {
                if (machine.startsWith(GUEST) && machine.length() > GUEST.length()) {
                    yield NodeConfig.MachineKind.QEMU;
                }
                throw new IllegalArgumentException("--machine is none, ledger, or qemu:FILE, not " + machine);
            }
        };
    }

    private static @Nullable Duration usualInterval(NodeConfig.MachineKind machine) {
        return switch (machine) {
            case NONE -> null;
            case LEDGER -> Duration.ofMillis(50);
            case QEMU -> Duration.ofSeconds(1);
        };
    }

    private Node start(Consumer<String> log) {
        try {
            NodeConfig.MachineKind machine = kind(machineName);
            Duration every =
                    checkpointEvery == null ? usualInterval(machine) : time("--checkpoint-every", checkpointEvery);
            if (undoLimitMib < UNDO_LIMIT_MIB_MIN || undoLimitMib > 1 << 30) {
                throw new IllegalArgumentException(
                        "--undo-limit is a number of MiB from " + UNDO_LIMIT_MIB_MIN + " to " + (1 << 30));
            }
            if (SelfPeer.is(listen, peer)) {
                throw new IllegalArgumentException(
                        "--peer " + peer + " is this node itself; give the --listen address of the other one");
            }
            closeToOthers(data, log);
            return Node.start(
                    new NodeConfig(
                            dev.unwrite.storage.Names.check("--name", name),
                            data,
                            uri("--storage", storage),
                            dev.unwrite.storage.Names.check("--group", group),
                            listen,
                            peer,
                            uri("--serve", serve),
                            control,
                            ledger,
                            bootstrap,
                            replace,
                            machine,
                            machine == NodeConfig.MachineKind.QEMU
                                    ? Path.of(machineName.substring(GUEST.length()))
                                    : null,
                            ack == Ack.DURABLE,
                            every,
                            time("--failover-after", failoverAfter),
                            trace,
                            witness,
                            undoLimitMib << 20,
                            aloneAtUndoLimitAfter(),
                            writeCache == WriteCache.ON,
                            Long.MAX_VALUE),
                    log);
        } catch (IllegalArgumentException e) {
            throw new ExitException(Exit.USAGE, String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new ExitException(Exit.USAGE, "cannot start node " + name + ": " + Reason.of(e), e);
        }
    }

    private @Nullable Duration aloneAtUndoLimitAfter() {
        if (atUndoLimit.equals("hold")) {
            return null;
        }
        Duration after = atUndoLimit.startsWith("alone:") ? time("--at-undo-limit", atUndoLimit.substring(6)) : null;
        if (after == null) {
            throw new IllegalArgumentException("--at-undo-limit is hold or alone:TIME, such as alone:30s");
        }
        return after;
    }

    private static void closeToOthers(Path data, Consumer<String> log) {
        try {
            if (PrivateFiles.closeToOthers(data)) {
                log.accept("--data " + data + " was open to other users, and is closed to them now");
            }
        } catch (IOException e) {
            log.accept("--data " + data + " is open to other users, and cannot be closed: " + Reason.of(e));
        }
    }

    private static NbdUri uri(String flag, String text) {
        try {
            return NbdUri.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(flag + ": " + e.getMessage(), e);
        }
    }

    private static @Nullable Duration time(String flag, String text) {
        try {
            return Durations.parseOrManual(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(flag + ": " + e.getMessage(), e);
        }
    }
}
