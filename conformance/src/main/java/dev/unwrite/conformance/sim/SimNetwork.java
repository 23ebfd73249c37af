package dev.unwrite.conformance.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The network between the hosts: messages are lost, come late, twice, and in any order. */
final class SimNetwork {
    /** What is under way beyond this is lost. */
    private static final int MAX_UNDER_WAY = 256;
    /** So many of those that arrived may come again, however late. */
    private static final int MAX_ARRIVED = 24;

    private final List<Message> underWay = new ArrayList<>();
    private final Deque<Message> arrived = new ArrayDeque<>();
    private final boolean[] cutTo = new boolean[2];
    private boolean losingState;

    void send(Message message) {
        boolean lost = cutTo[message.to()] || (losingState && message instanceof Message.Part);
        if (!lost && underWay.size() < MAX_UNDER_WAY) {
            underWay.add(message);
        }
    }

    /** Nothing reaches this host any more. */
    void cut(int to) {
        cutTo[to] = true;
    }

    /** Whether the state of the machine is lost on its way. */
    void loseState(boolean now) {
        losingState = now;
    }

    void heal() {
        losingState = false;
        cutTo[0] = false;
        cutTo[1] = false;
    }

    boolean isEmpty() {
        return underWay.isEmpty();
    }

    /** What is under way, as {@link #take} counts it. */
    List<Message> underWay() {
        return java.util.Collections.unmodifiableList(underWay);
    }

    /** What arrived and may come again, as {@link #again} counts it. */
    List<Message> arrived() {
        return List.copyOf(arrived);
    }

    /** One of the messages; it stays under way if it is to come again. */
    Message take(int choice, boolean again) {
        int index = choice % underWay.size();
        Message message = again ? underWay.get(index) : underWay.remove(index);
        // Each counts once, or the words that are said every now and then would be most of them.
        arrived.remove(message);
        arrived.addFirst(message);
        if (arrived.size() > MAX_ARRIVED) {
            arrived.removeLast();
        }
        return message;
    }

    /** One of those that were taken before, or null; 0 is the last of them. */
    @Nullable
    Message again(int choice) {
        return arrived.stream()
                .skip(choice % Math.max(1, arrived.size()))
                .findFirst()
                .orElse(null);
    }
}
