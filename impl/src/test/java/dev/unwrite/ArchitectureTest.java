package dev.unwrite;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

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
        classes()
                .that()
                .resideInAPackage("dev.unwrite.protocol..")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage("dev.unwrite.protocol..", "java.lang", "java.lang.annotation", "java.util")
                                .or(resideInAnyPackage("java.lang.runtime", "java.lang.invoke", "java.util.function"))
                                .or(resideInAnyPackage("org.jspecify.annotations", "org.roaringbitmap")))
                .check(all);
        noClasses()
                .that()
                .resideInAPackage("dev.unwrite.protocol..")
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
                .callMethodWhere(target(owner(equivalentTo(System.class))))
                .check(all);
    }

    @Test
    void onlyBlockSetKnowsBitmaps() {
        noClasses()
                .that()
                .resideInAPackage("dev.unwrite.protocol..")
                .and()
                .haveNameNotMatching(".*\\.BlockSet(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.roaringbitmap..")
                .check(all);
    }

    @Test
    void lowerPartsKnowNothingOfHigherOnes() {
        mayUse("dev.unwrite.files");
        mayUse("dev.unwrite.nbd", "dev.unwrite.nbd..");
        mayUse("dev.unwrite.storage", "dev.unwrite.nbd..", "dev.unwrite.protocol..", "dev.unwrite.files");
        mayUse("dev.unwrite.undo", "dev.unwrite.protocol..", "dev.unwrite.files");
        mayUse("dev.unwrite.checkpoint", "dev.unwrite.protocol..", "dev.unwrite.files");
        mayUse("dev.unwrite.machine.ledger.client", "dev.unwrite.machine..", "dev.unwrite.cli");
        mayUse("dev.unwrite.machine.ledger", "dev.unwrite.machine..", "dev.unwrite.nbd..");
        mayUse("dev.unwrite.peer", "dev.unwrite.protocol..");
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
