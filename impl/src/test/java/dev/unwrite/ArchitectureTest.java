package dev.unwrite;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.unwrite.protocol.Protocol;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who may use whom; and that the heart stays pure. */
class ArchitectureTest {
    private static JavaClasses all;

    @BeforeAll
    static void read() {
        // Where the classes are that are shipped: the tests are elsewhere.
        all = new ClassFileImporter()
                .importUrl(Protocol.class.getProtectionDomain().getCodeSource().getLocation());
    }

    /** The list says what is allowed, so that a new way to do I/O, to wait or to guess needs no entry here. */
    @Test
    void theProtocolIsPure() {
        isPure("dev.unwrite.protocol..", resideInAnyPackage("dev.unwrite.protocol..", "java.util.function"));
    }

    /** What a host does follows from its events alone; bytes and durations are values. */
    @Test
    void theHostIsDeterministic() {
        isPure(
                "dev.unwrite.host..",
                resideInAnyPackage("dev.unwrite.host..", "dev.unwrite.protocol..", "java.util.function")
                        .or(nameMatching("dev\\.unwrite\\.peer\\.PeerMessage(\\$.*)?"))
                        .or(nameMatching("dev\\.unwrite\\.trace\\.(BlockHash|Contents)"))
                        .or(nameMatching("java\\.nio\\.(Byte)?Buffer"))
                        .or(nameMatching("java\\.time\\.Duration")));
    }

    private static void isPure(String part, DescribedPredicate<JavaClass> others) {
        classes()
                .that()
                .resideInAPackage(part)
                .should()
                .onlyDependOnClassesThat(others.or(resideInAnyPackage(
                        "java.lang",
                        "java.lang.annotation",
                        "java.lang.runtime",
                        "java.lang.invoke",
                        "java.util",
                        "org.jspecify.annotations")))
                .check(all);
        noClasses()
                .that()
                .resideInAPackage(part)
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.UUID")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Timer")
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(Thread.class)
                .orShould()
                .callMethodWhere(target(owner(equivalentTo(System.class))).and(not(target(nameMatching("arraycopy")))))
                .check(all);
    }

    @Test
    void lowerPartsKnowNothingOfHigherOnes() {
        mayUse("dev.unwrite.files");
        mayUse("dev.unwrite.net");
        mayUse("dev.unwrite.nbd", "dev.unwrite.nbd..", "dev.unwrite.net");
        mayUse(
                "dev.unwrite.storage",
                "dev.unwrite.net",
                "dev.unwrite.nbd..",
                "dev.unwrite.protocol..",
                "dev.unwrite.files");
        mayUse("dev.unwrite.undo", "dev.unwrite.protocol..", "dev.unwrite.files");
        mayUse("dev.unwrite.image");
        mayUse("dev.unwrite.checkpoint", "dev.unwrite.protocol..", "dev.unwrite.files", "dev.unwrite.image");
        mayUse("dev.unwrite.machine.ledger", "dev.unwrite.machine..", "dev.unwrite.nbd..");
        mayUse(
                "dev.unwrite.machine.qemu",
                "dev.unwrite.machine..",
                "dev.unwrite.nbd..",
                "dev.unwrite.files",
                "dev.unwrite.image");
        mayUse("dev.unwrite.peer", "dev.unwrite.protocol..", "dev.unwrite.net");
        mayUse(
                "dev.unwrite.store",
                "dev.unwrite.host..",
                "dev.unwrite.protocol..",
                "dev.unwrite.undo",
                "dev.unwrite.checkpoint",
                "dev.unwrite.storage");
    }

    private static void mayUse(String part, String... others) {
        classes()
                .that()
                .resideInAPackage(part)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(part)
                        .or(resideInAnyPackage(others))
                        .or(not(resideInAnyPackage("dev.unwrite.."))))
                .check(all);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.unwrite.(**)").should().beFreeOfCycles().check(all);
    }
}
