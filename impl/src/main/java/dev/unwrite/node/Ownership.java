package dev.unwrite.node;

import dev.unwrite.protocol.Action;
import dev.unwrite.protocol.Action.Change;
import dev.unwrite.protocol.Effect;
import dev.unwrite.protocol.HostState;
import dev.unwrite.protocol.OwnershipRecord;
import dev.unwrite.protocol.Step;
import dev.unwrite.storage.CasUncertainException;
import dev.unwrite.storage.SessionEndedException;
import dev.unwrite.storage.StorageClient;
import dev.unwrite.storage.StorageSession.CasResult;
import dev.unwrite.storage.WrongIdentityException;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Changes the ownership record by compare-and-set, and finds out what became of a change whose answer was lost. */
final class Ownership {
    private static final Duration RETRY = Duration.ofMillis(100);

    private final Engine engine;
    private final StorageClient storage;

    Ownership(Engine engine, StorageClient storage) {
        this.engine = engine;
        this.storage = storage;
    }

    /** The outcome: the session to go on with, and why it was not agreed, or null if it was. */
    record Outcome(
            OwnerSession session,
            OwnershipRecord record,
            @Nullable String refused) {
        boolean agreed() {
            return refused == null;
        }
    }

    /**
     * Proposes the change and has the storage decide, through the session given. If the answer is lost, a new session
     * ends the old one, so that the change cannot come about later, and its record tells. After an outcome that is
     * agreed, the caller takes the action; else nothing is proposed any more.
     *
     * @throws IOException if the storage cannot be reached; nothing is proposed any more, and the record may be either
     */
    Outcome change(Change change, OwnerSession through, OwnershipRecord now) throws IOException {
        Step step = engine.tryTake(new Action.Propose(change, now), null);
        if (!(step instanceof Step.Taken(HostState proposed, java.util.List<Effect> effects))) {
            return new Outcome(through, now, ((Step.Refused) step).why());
        }
        Effect.CompareAndSet wanted = (Effect.CompareAndSet) effects.getFirst();
        OwnerSession session = through;
        try {
            CasResult result;
            try {
                result = session.session().cas(wanted.expectedVersion(), wanted.record());
            } catch (CasUncertainException | SessionEndedException e) {
                session = reopened(through.session().term());
                OwnershipRecord found = session.session().record();
                result = new CasResult(found.equals(wanted.record()), found);
            }
            if (result.ok()) {
                return new Outcome(session, result.record(), null);
            }
            engine.take(new Action.NotAgreed());
            return new Outcome(session, result.record(), "the record is " + describe(result.record()) + " by now");
        } catch (IOException e) {
            engine.take(new Action.NotAgreed());
            throw e;
        }
    }

    /** Nothing else can be decided before the outcome is known, so this tries for as long as it takes. */
    private OwnerSession reopened(long term) throws IOException {
        while (true) {
            try {
                return OwnerSession.open(storage, term);
            } catch (WrongIdentityException e) {
                throw e;
            } catch (IOException e) {
                try {
                    engine.await(s -> false, RETRY);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw e;
                }
            }
        }
    }

    /** For people. */
    static String describe(OwnershipRecord record) {
        return record.mode().wire() + ", term " + record.term() + ", owner "
                + (record.owner().isEmpty() ? "nobody" : record.owner())
                + (record.secondary().isEmpty() ? "" : ", secondary " + record.secondary());
    }
}
