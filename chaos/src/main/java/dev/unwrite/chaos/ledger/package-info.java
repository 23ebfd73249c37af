/**
 * Clients of the machine {@code ledger}: one that gets each request answered exactly once whatever happens to the
 * hosts ({@link dev.unwrite.chaos.ledger.LedgerClient}), a load of many of them that records a history, and a
 * checker that says from the history and a last look at the ledger whether anything was lost, doubled or invented.
 *
 * <h2>The history</h2>
 *
 * JSON lines, one for each request, in the order of their ends:
 *
 * <pre>
 * {"client":"c0","reqno":5,"op":"T","from":1,"to":2,"amount":30,"invoke":1767225600000000000,
 *  "complete":1767225600050000000,"outcome":"ok","seq":78,"values":[970,1030]}
 * </pre>
 *
 * {@code op} is T (transfer), R (read, {@code from} is the account), B (all balances) or H (written only where the
 * ledger has forgotten a request that it had answered: {@code reqno} was answered, {@code values} is what it knows).
 * {@code outcome} is {@code ok}, {@code fail} (insufficient funds: decided, nothing moved) or {@code info} (no answer: it may
 * have taken effect or not). Times are nanoseconds since 1970, taken from one monotonic clock. {@code seq} and
 * {@code values} are those of the reply, see {@link dev.unwrite.machine.ledger}.
 */
@NullMarked
package dev.unwrite.chaos.ledger;

import org.jspecify.annotations.NullMarked;
