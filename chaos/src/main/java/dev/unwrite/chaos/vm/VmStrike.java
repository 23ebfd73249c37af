package dev.unwrite.chaos.vm;

import dev.unwrite.chaos.cluster.Await;
import dev.unwrite.chaos.cluster.ClusterException;
import dev.unwrite.chaos.cluster.HostId;
import dev.unwrite.chaos.cluster.RoleLog;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;

/** What is done to a host that runs a guest, so that the other one has to go on with it. */
enum VmStrike {
    /** Its node is killed, and QEMU dies with it. */
    NODE("node") {
        @Override
        void strike(VmPair pair, HostId primary, Random chance) {
            pair.kill(primary);
        }
    },

    /** QEMU alone is killed; its node ends by itself. */
    QEMU("QEMU alone") {
        @Override
        void strike(VmPair pair, HostId primary, Random chance) {
            List<ProcessHandle> children = pair.node(primary).children().toList();
            if (children.size() != 1) {
                throw new ClusterException("node " + primary + " has " + children.size() + " children, not QEMU alone");
            }
            children.getFirst().destroyForcibly();
            await(
                    "node " + primary + " to end after its QEMU",
                    () -> !pair.node(primary).isAlive(),
                    pair);
        }
    },

    /** The other host is killed while it takes what it was sent, comes back, joins, and has to go on very soon. */
    SECONDARY("secondary, and then node") {
        @Override
        void strike(VmPair pair, HostId primary, Random chance) throws IOException {
            long joined = pair.log(primary).count(RoleLog.IS_PROTECTED);
            pair.kill(primary.other());
            pair.start(primary.other(), false);
            // Until it notices, the primary says that it is protected; and whoever is alone when it dies, nobody goes
            // on for.
            await(
                    "node " + primary + " to be protected again",
                    () -> pair.log(primary).count(RoleLog.IS_PROTECTED) > joined,
                    pair);
            Await.pause(chance.nextInt(SOON_AFTER_MILLIS));
            pair.kill(primary);
        }
    },

    /** The node is killed, and then the other one while it rolls back and lets the guest come in; that one is started again. */
    BOTH("node, and the other host in its takeover") {
        @Override
        void strike(VmPair pair, HostId primary, Random chance) throws IOException {
            HostId other = primary.other();
            long before = pair.log(other).count(RoleLog.TOOK_OVER);
            pair.kill(primary);
            await("node " + other + " to take over", () -> pair.log(other).count(RoleLog.TOOK_OVER) > before, pair);
            Await.pause(chance.nextInt(IN_TAKEOVER_MILLIS));
            long served = pair.log(other).count(RoleLog.IS_PRIMARY);
            pair.kill(other);
            if (pair.log(other).count(RoleLog.IS_PRIMARY) > served) {
                throw new ClusterException(
                        "node " + other + " was done when it was struck: nobody has the guest any more;"
                                + " begin again with another seed");
            }
            pair.start(other, false);
        }
    };

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int SOON_AFTER_MILLIS = 500;
    /** A takeover takes longer, since QEMU has to start. */
    private static final int IN_TAKEOVER_MILLIS = 150;

    private final String title;

    VmStrike(String title) {
        this.title = title;
    }

    /** On return the guest is where the other host has to go on with it; {@code primary} is down. */
    abstract void strike(VmPair pair, HostId primary, Random chance) throws IOException;

    private static void await(String what, BooleanSupplier there, VmPair pair) {
        Await.untilTrue(what, SOON, there, pair::said);
    }

    /** For people; completes "SIGKILL of ". */
    String title() {
        return title;
    }
}
