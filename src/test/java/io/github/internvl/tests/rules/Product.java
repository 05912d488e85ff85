package io.github.internvl.tests.rules;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** The compiled classes of all modules but the tests, the benchmarks and their fixtures. */
final class Product {
    /** The packages of the documented surface; that of the grammar is for core alone. */
    private static final Set<String> PUBLIC_PACKAGES = Set.of(
            "io.github.internvl",
            "io.github.internvl.demo",
            "io.github.internvl.hub",
            "io.github.internvl.langchain4j",
            "io.github.internvl.kotlin",
            "io.github.internvl.micrometer",
            "io.github.internvl.server",
            "io.github.internvl.spark",
            "io.github.internvl.spring.ai",
            "io.github.internvl.spring.boot",
            "io.github.internvl.tokenizer",
            "io.github.internvl.video",
            "io.github.internvl.vision",
            "io.github.internvl.vision.spi",
            "io.github.internvl.web");

    private static final JavaClasses ALL = new ClassFileImporter()
            .importPackages("io.github.internvl")
            .that(not(resideInAnyPackage(
                    "io.github.internvl.benchmark..", "io.github.internvl.fixtures..", "io.github.internvl.tests..")));

    private Product() {}

    static JavaClasses all() {
        return ALL;
    }

    /** The jars on a user's class path: neither the command line nor the examples. */
    static JavaClasses libraries() {
        return ALL.that(not(resideInAnyPackage("io.github.internvl.cli..", "io.github.internvl.examples..")));
    }

    /** The types users may name, sorted by name. */
    static List<JavaClass> publicTypes() {
        return ALL.stream()
                .filter(type -> PUBLIC_PACKAGES.contains(type.getPackageName()) && isReachable(type))
                .sorted(Comparator.comparing(JavaClass::getName))
                .toList();
    }

    static boolean isPublicPackage(String className) {
        return ALL.contain(className)
                && PUBLIC_PACKAGES.contains(ALL.get(className).getPackageName());
    }

    /** Whether code outside the package may use the member. */
    static boolean isVisible(JavaMember member) {
        Set<JavaModifier> modifiers = member.getModifiers();
        return !modifiers.contains(JavaModifier.SYNTHETIC)
                && (modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED));
    }

    private static boolean isReachable(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC)
                && type.getEnclosingClass().map(Product::isReachable).orElse(true);
    }
}
