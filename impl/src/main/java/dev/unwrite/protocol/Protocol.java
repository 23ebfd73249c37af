package dev.unwrite.protocol;

import dev.unwrite.protocol.Action.AbortJoin;
import dev.unwrite.protocol.Action.AnswerFlush;
import dev.unwrite.protocol.Action.AskCommit;
import dev.unwrite.protocol.Action.AskFlush;
import dev.unwrite.protocol.Action.BecomeSecondary;
import dev.unwrite.protocol.Action.Bootstrap;
import dev.unwrite.protocol.Action.ColdRead;
import dev.unwrite.protocol.Action.ColdStart;
import dev.unwrite.protocol.Action.Commit;
import dev.unwrite.protocol.Action.CommitFailed;
import dev.unwrite.protocol.Action.Cut;
import dev.unwrite.protocol.Action.FinishRollback;
import dev.unwrite.protocol.Action.Flush;
import dev.unwrite.protocol.Action.FollowJoin;
import dev.unwrite.protocol.Action.ForceColdStart;
import dev.unwrite.protocol.Action.GoAlone;
import dev.unwrite.protocol.Action.Learn;
import dev.unwrite.protocol.Action.LearnCommitted;
import dev.unwrite.protocol.Action.MachineFlush;
import dev.unwrite.protocol.Action.MachineWrite;
import dev.unwrite.protocol.Action.NotAgreed;
import dev.unwrite.protocol.Action.OpenSession;
import dev.unwrite.protocol.Action.Propose;
import dev.unwrite.protocol.Action.Protect;
import dev.unwrite.protocol.Action.ReadAround;
import dev.unwrite.protocol.Action.ReadOld;
import dev.unwrite.protocol.Action.RecvPreserved;
import dev.unwrite.protocol.Action.Restart;
import dev.unwrite.protocol.Action.RestartRollback;
import dev.unwrite.protocol.Action.Resume;
import dev.unwrite.protocol.Action.SendWrite;
import dev.unwrite.protocol.Action.Speak;
import dev.unwrite.protocol.Action.StagePart;
import dev.unwrite.protocol.Action.StartJoin;
import dev.unwrite.protocol.Action.StepDown;
import dev.unwrite.protocol.Action.StoreCopy;
import dev.unwrite.protocol.Action.TakeOver;
import dev.unwrite.protocol.Action.WriteDone;
import dev.unwrite.protocol.Step.Refused;
import dev.unwrite.protocol.Step.Taken;
import java.util.List;

/**
 * The protocol: which steps a host may take in which state, and their effects. A pure function, with the rules of
 * {@code Unwrite.tla}, action by action. The steps are in {@link PrimarySteps}, {@link FlushSteps}, {@link SecondarySteps},
 * {@link RecordSteps} and {@link TakeoverSteps}. A refused step changes nothing.
 */
public final class Protocol {
    /** The most checkpoints in flight. */
    public static final int MAX_CUTS = 4;

    private Protocol() {}

    /** Takes the action in the state, or refuses it. */
    public static Step step(HostState s, Action action) {
        return switch (action) {
            case MachineWrite a -> PrimarySteps.machineWrite(s, a);
            case RecvPreserved a -> PrimarySteps.recvPreserved(s, a);
            case SendWrite a -> PrimarySteps.sendWrite(s, a);
            case WriteDone a -> PrimarySteps.writeDone(s, a);
            case AskFlush a -> PrimarySteps.askFlush(s);
            case Flush a -> PrimarySteps.flush(s, a);
            case MachineFlush a -> FlushSteps.machineFlush(s, a);
            case AnswerFlush a -> FlushSteps.answerFlush(s, a);
            case Cut a -> PrimarySteps.cut(s, a);
            case LearnCommitted a -> PrimarySteps.learnCommitted(s, a);
            case Speak a -> PrimarySteps.speak(s);
            case OpenSession a -> PrimarySteps.openSession(s, a);
            case FollowJoin a -> SecondarySteps.followJoin(s, a);
            case BecomeSecondary a -> SecondarySteps.becomeSecondary(s, a);
            case ReadOld a -> SecondarySteps.readOld(s, a);
            case ReadAround a -> SecondarySteps.readAround(s, a);
            case StoreCopy a -> SecondarySteps.storeCopy(s, a);
            case StagePart a -> SecondarySteps.stagePart(s, a);
            case AskCommit a -> SecondarySteps.askCommit(s, a);
            case CommitFailed a -> SecondarySteps.commitFailed(s, a);
            case Commit a -> SecondarySteps.commit(s, a);
            case Propose a -> RecordSteps.propose(s, a);
            case NotAgreed a -> RecordSteps.notAgreed(s);
            case GoAlone a -> RecordSteps.goAlone(s, a);
            case Protect a -> RecordSteps.protect(s, a);
            case Learn a -> RecordSteps.learn(s, a);
            case StartJoin a -> RecordSteps.startJoin(s);
            case AbortJoin a -> RecordSteps.abortJoin(s, a);
            case StepDown a -> RecordSteps.stepDown(s, a);
            case TakeOver a -> TakeoverSteps.takeOver(s, a);
            case RestartRollback a -> TakeoverSteps.restartRollback(s, a);
            case FinishRollback a -> TakeoverSteps.finishRollback(s, a);
            case Resume a -> TakeoverSteps.resume(s);
            case Bootstrap a -> TakeoverSteps.startCold(s, Action.Change.BOOTSTRAP, a.record(), a.session());
            case ColdStart a -> TakeoverSteps.startCold(s, Action.Change.COLD_START, a.record(), a.session());
            case ForceColdStart a ->
                TakeoverSteps.startCold(s, Action.Change.FORCE_COLD_START, a.record(), a.session());
            case ColdRead a -> TakeoverSteps.coldRead(s);
            case Restart a -> s.role() == Role.IDLE ? taken(s) : refused("the host is running");
        };
    }

    static Step taken(HostState next, Effect... effects) {
        return new Taken(next, List.of(effects));
    }

    static Step taken(HostState.Edit edit, Effect... effects) {
        return taken(edit.done(), effects);
    }

    static Step refused(String why) {
        return new Refused(why);
    }
}
