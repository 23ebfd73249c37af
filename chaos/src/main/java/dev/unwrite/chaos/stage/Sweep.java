package dev.unwrite.chaos.stage;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes away what a harness that was killed has left: file systems (frozen or not), loop devices, namespaces, processes. */
public final class Sweep {
    private static final Pattern NAMESPACE = Pattern.compile("^" + Namespaces.PREFIX + "(\\d+)-\\S+");
    private static final Pattern DISK = Pattern.compile("(\\S+).*\\.(\\d+)" + Pattern.quote(LoopDisk.SUFFIX));

    private static final long END_MAX_SECONDS = 5;

    private Sweep() {}

    /** Returns what was taken away, a line each. Things of harnesses that still live stay. */
    public static List<String> run() {
        List<String> swept = new ArrayList<>();
        if (!Tools.isRoot()) {
            return swept;
        }
        // First what uses the disks.
        if (Tools.have("ip")) {
            namespaces(swept);
        }
        if (Tools.have("losetup")) {
            disks(swept);
        }
        return swept;
    }

    private static void disks(List<String> swept) {
        for (String line : attached()) {
            Matcher disk = DISK.matcher(line);
            if (disk.find() && isDead(disk.group(2))) {
                String device = disk.group(1);
                for (String mount : Tools.attempt(List.of("findmnt", "-n", "-r", "-o", "TARGET", device))
                        .output()
                        .lines()
                        .toList()) {
                    Tools.attempt(List.of("fsfreeze", "-u", mount));
                    Tools.attempt(List.of("umount", "-l", mount));
                }
                Tools.attempt(List.of("losetup", "-d", device));
                swept.add("the disk " + device + " of a run that is over"
                        + (LoopDisk.awaitFree(device, () -> !attached().contains(line))
                                ? ""
                                : "; it goes when its last user does"));
            }
        }
    }

    /** Each loop device and its file. */
    private static List<String> attached() {
        return Tools.attempt(List.of("losetup", "-l", "-n", "--raw", "-O", "NAME,BACK-FILE"))
                .output()
                .lines()
                .toList();
    }

    private static void namespaces(List<String> swept) {
        for (String line :
                Tools.attempt(List.of("ip", "netns", "list")).output().lines().toList()) {
            Matcher namespace = NAMESPACE.matcher(line);
            if (namespace.find() && isDead(namespace.group(1))) {
                String name = line.split("\\s", 2)[0];
                for (String pid : Tools.attempt(List.of("ip", "netns", "pids", name))
                        .output()
                        .lines()
                        .toList()) {
                    kill(pid);
                }
                Tools.attempt(List.of("ip", "netns", "del", name));
                swept.add("the network namespace " + name + " of a run that is over");
            }
        }
    }

    private static void kill(String pid) {
        parse(pid)
                .ifPresent(id -> ProcessHandle.of(id).ifPresent(process -> {
                    process.destroyForcibly();
                    try {
                        process.onExit().get(END_MAX_SECONDS, TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    } catch (ExecutionException | TimeoutException e) {
                        // It may wait for a frozen disk, which is thawed next.
                    }
                }));
    }

    private static boolean isDead(String pid) {
        OptionalLong id = parse(pid);
        return id.isPresent()
                && ProcessHandle.of(id.getAsLong())
                        .filter(ProcessHandle::isAlive)
                        .isEmpty();
    }

    private static OptionalLong parse(String pid) {
        try {
            return OptionalLong.of(Long.parseLong(pid.strip()));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }
}
