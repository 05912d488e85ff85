package io.github.internvl.tests.rules;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.INTERFACES;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.properties.HasModifiers.Predicates.modifier;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** The layout that docs/architecture.md describes, as rules over the compiled classes. */
class ArchitectureTest {
    private static final String ROOT = "io.github.internvl";
    private static final String TOKENIZER = "io.github.internvl.tokenizer..";
    private static final String GRAMMAR = "io.github.internvl.grammar..";
    private static final String HUB = "io.github.internvl.hub..";
    private static final String VISION = "io.github.internvl.vision..";
    private static final String VISION_SPI = "io.github.internvl.vision.spi..";
    private static final String VISION_CODEC = "io.github.internvl.vision.codec..";
    private static final String VISION_API = "io.github.internvl.vision";
    private static final String VISION_TILES = "io.github.internvl.vision.tiles..";
    private static final String WEB = "io.github.internvl.web..";
    private static final String MICROMETER = "io.github.internvl.micrometer..";
    private static final String LANGCHAIN4J = "io.github.internvl.langchain4j..";
    private static final String KOTLIN = "io.github.internvl.kotlin..";
    private static final String SPARK = "io.github.internvl.spark..";
    private static final String SPRING = "io.github.internvl.spring..";
    private static final String SERVER = "io.github.internvl.server..";
    private static final String SERVER_HTTP = "io.github.internvl.server.http..";
    private static final String SERVER_OPENAI = "io.github.internvl.server.openai..";
    private static final String VIDEO = "io.github.internvl.video..";
    private static final String DEMO = "io.github.internvl.demo..";
    private static final String INTERNAL = "io.github.internvl.internal..";
    private static final String CHAT = "io.github.internvl.internal.chat..";
    private static final String ENGINE = "io.github.internvl.internal.engine..";
    private static final String MODEL = "io.github.internvl.internal.model..";
    private static final String CHECKPOINT = "io.github.internvl.internal.checkpoint..";
    private static final String FORMAT = "io.github.internvl.internal.format..";
    private static final String OBSERVE = "io.github.internvl.internal.observe..";
    private static final String TORCH = "io.github.internvl.internal.torch..";

    /** Packages that stand on the public API alone. */
    private static final String[] OUTSIDE = {
        MICROMETER,
        LANGCHAIN4J,
        KOTLIN,
        SPARK,
        SPRING,
        SERVER,
        "io.github.internvl.cli..",
        "io.github.internvl.examples.."
    };

    private static final String[] APPLICATIONS = {"io.github.internvl.cli..", "io.github.internvl.examples.."};

    private static final DescribedPredicate<JavaClass> FOREIGN = resideOutsideOfPackage("io.github.internvl..");

    private static final DescribedPredicate<JavaClass> ROOT_EXCEPTION =
            resideInAPackage(ROOT).and(assignableTo(Throwable.class)).as("exceptions of the root package");

    private static final DescribedPredicate<JavaClass> ROOT_DATA =
            describe("data types of the root package", Layers::isData);

    /** The measures of graphs and machines and the conversion of checkpoints, which the command line alone offers. */
    private static final DescribedPredicate<JavaClass> MEASURES = describe(
            "measures that the command line offers",
            type -> type.getPackageName().equals("io.github.internvl.internal.model")
                    && Set.of("GraphFiles", "LayoutConversion", "Machine", "Roofline")
                            .contains(type.getName().replaceFirst("\\$.*", "").replaceFirst(".*\\.", "")));

    private static final JavaClasses PRODUCT = Product.all();
    private static final JavaClasses LIBRARIES = Product.libraries();

    @Test
    void keepsVisionFreeOfTheEngine() {
        check(classes()
                .that()
                .resideInAPackage(VISION)
                .should()
                .onlyDependOnClassesThat(resideInAPackage(VISION)
                        .or(FOREIGN.and(not(resideInAPackage("ai.djl.."))))
                        .as("vision itself, the JDK and codecs")));
    }

    @Test
    void keepsVideoToFfmpegAndVision() {
        check(classes()
                .that()
                .resideInAPackage(VIDEO)
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(VIDEO, VISION, "org.bytedeco..", "org.slf4j..", "org.jspecify..", "java..")
                                .as("video itself, vision, the JDK, SLF4J and bytedeco's FFmpeg")));
    }

    @Test
    void keepsTheWebToItsHttpClient() {
        check(classes()
                .that()
                .resideInAPackage(WEB)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                                WEB, "okhttp3..", "okio..", "kotlin..", "org.jspecify..", "java..", "javax.net..")
                        .as("the web module itself, the JDK and OkHttp")));
    }

    @Test
    void keepsTheTokenizerToOneForeignLibrary() {
        check(classes()
                .that()
                .resideInAPackage(TOKENIZER)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(TOKENIZER, "ai.djl.huggingface.tokenizers..")
                        .or(FOREIGN.and(not(resideInAPackage("ai.djl.."))))
                        .as("the tokenizer itself, the JDK and ai.djl.huggingface.tokenizers")));
    }

    @Test
    void keepsTheGrammarToGson() {
        check(classes()
                .that()
                .resideInAPackage(GRAMMAR)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(GRAMMAR, "com.google.gson..", "org.jspecify..", "java..")
                        .as("the grammar itself, Gson and the JDK")));
    }

    @Test
    void keepsTheHubToOkHttp() {
        check(classes()
                .that()
                .resideInAPackage(HUB)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                                HUB,
                                "okhttp3..",
                                "okio..",
                                "kotlin..",
                                "com.google.gson..",
                                "org.slf4j..",
                                "org.jspecify..",
                                "java..",
                                "javax.net.ssl..")
                        .as("the hub itself, OkHttp, Gson, SLF4J and the JDK")));
    }

    @Test
    void keepsTheDemoModelToTheJdk() {
        check(classes()
                .that()
                .resideInAPackage(DEMO)
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage(DEMO, "java..", "org.jspecify..").as("the demo model itself and the JDK")));
    }

    @Test
    void importsTheEngineInOnePackage() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(TORCH, TOKENIZER)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("ai.djl.."));
        check(noClasses()
                .that()
                .resideOutsideOfPackages(TORCH, VIDEO)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.."));
    }

    @Test
    void dependsDownwardsInsideVision() {
        downwards(VISION_SPI, resideInAPackage("java..").as("nothing of the product"));
        downwards(VISION_CODEC, resideInAPackage(VISION_SPI));
        downwards(VISION_API, resideInAnyPackage(VISION_CODEC, VISION_SPI));
        downwards(VISION_TILES, resideInAPackage(VISION_API));
    }

    @Test
    void dependsDownwardsInsideCore() {
        downwards(TORCH, ROOT_EXCEPTION);
        downwards(OBSERVE, resideInAPackage("java..").as("nothing of the product"));
        downwards(FORMAT, ROOT_DATA.or(resideInAnyPackage(GRAMMAR, TOKENIZER)));
        downwards(CHECKPOINT, ROOT_EXCEPTION.or(resideInAnyPackage(TORCH, TOKENIZER, VISION)));
        downwards(MODEL, ROOT_DATA.or(resideInAnyPackage(CHECKPOINT, TORCH, TOKENIZER, VISION)));
        downwards(ENGINE, ROOT_DATA.or(resideInAnyPackage(MODEL, CHECKPOINT, OBSERVE, TORCH, TOKENIZER, VISION)));
        downwards(
                CHAT,
                ROOT_DATA.or(resideInAnyPackage(ENGINE, FORMAT, MODEL, CHECKPOINT, OBSERVE, TORCH, TOKENIZER, VISION)));
    }

    @Test
    void dependsDownwardsInsideTheServer() {
        downwards(SERVER_HTTP, resideInAPackage(ROOT));
        downwards(SERVER_OPENAI, resideInAnyPackage(SERVER_HTTP, ROOT, TOKENIZER, VISION, "io.github.internvl.web.."));
    }

    @Test
    void keepsBindingsAndApplicationsOnThePublicApi() {
        check(noClasses()
                .that()
                .resideInAnyPackage(OUTSIDE)
                .should()
                .dependOnClassesThat(resideInAPackage(INTERNAL).and(not(MEASURES)))
                .allowEmptyShould(true));
        check(noClasses()
                .that()
                .resideOutsideOfPackages(APPLICATIONS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(APPLICATIONS));
        check(noClasses()
                .that()
                .resideOutsideOfPackages(OUTSIDE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.micrometer..", "dev.langchain4j.."));
    }

    @Test
    void keepsSpringToItsModules() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(SPRING)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework..", "reactor.."));
    }

    @Test
    void keepsSparkToItsModule() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(SPARK, "io.github.internvl.examples..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache..", "com.codahale..", "scala.."));
    }

    @Test
    void formsNoCycleBetweenPackages() {
        check(slices().assignedFrom(Layers.PACKAGES).should().beFreeOfCycles());
    }

    @Test
    void formsNoKnotOfMoreThanThreeFiles() {
        assertThat(Layers.knots(LIBRARIES))
                .as("files that all depend on each other")
                .isEmpty();
    }

    @Test
    void namesOnlyTheJdkAndPublicPackagesInPublicSignatures() {
        assertThat(Product.publicTypes())
                .isNotEmpty()
                .allSatisfy(type -> assertThat(namesInSignatures(type))
                        .as(type.getName())
                        .allMatch(name ->
                                name.startsWith("java.") || Product.isPublicPackage(name) || isBoundBy(type, name)));
    }

    /** A binding names the library that it binds to. */
    private static boolean isBoundBy(JavaClass type, String name) {
        if (resideInAPackage(SPRING).test(type)) {
            return name.matches("(org\\.springframework|reactor\\.core|io\\.micrometer\\.observation)\\..*");
        }
        return (resideInAPackage(MICROMETER).test(type) && name.startsWith("io.micrometer.core.instrument."))
                || (resideInAPackage(SPARK).test(type) && name.startsWith("org.apache.spark."))
                || (resideInAPackage(LANGCHAIN4J).test(type) && name.startsWith("dev.langchain4j."))
                || (resideInAPackage(KOTLIN).test(type) && name.matches("kotlinx?\\..*"));
    }

    @Test
    void closesPublicTypesToSubclasses() {
        check(classes()
                .that()
                .arePublic()
                .and()
                .resideOutsideOfPackage(INTERNAL)
                .should(ArchCondition.from(modifier(JavaModifier.FINAL)
                        .<JavaClass>forSubtype()
                        .or(INTERFACES)
                        .or(describe("an enum", JavaClass::isEnum))
                        .or(assignableTo(Throwable.class))
                        .as("be a final class, a record, an enum, an interface or an exception"))));
    }

    @Test
    void keepsLibrariesSilent() {
        check(NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS, LIBRARIES);
        check(noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging.."), LIBRARIES);
    }

    @Test
    void marksEveryPackageForNullness() {
        assertThat(PRODUCT.stream().map(JavaClass::getPackage).distinct())
                .allSatisfy(found -> assertThat(found.isAnnotatedWith(NullMarked.class))
                        .as("%s has a @NullMarked package-info", found.getName())
                        .isTrue());
    }

    @Test
    void namesClassesForWhatTheyAre() {
        check(classes().should().haveNameNotMatching(".*(Impl|Manager|Helper|Helpers|Utils|Util)(\\$.*)?"));
    }

    private static void downwards(String layer, DescribedPredicate<JavaClass> below) {
        check(classes()
                .that()
                .resideInAPackage(layer)
                .should()
                .onlyDependOnClassesThat(resideInAPackage(layer)
                        .or(FOREIGN)
                        .or(below)
                        .as("%s itself, foreign libraries or %s", layer, below.getDescription())));
    }

    /** Every type that a user of {@code type} meets: supertypes, type parameters' bounds, members with their type arguments. */
    private static List<String> namesInSignatures(JavaClass type) {
        Stream<JavaClass> supertypes = Stream.concat(type.getSuperclass().stream(), type.getInterfaces().stream())
                .flatMap(supertype -> supertype.getAllInvolvedRawTypes().stream());
        Stream<JavaClass> bounds =
                type.getTypeParameters().stream().flatMap(parameter -> parameter.getAllInvolvedRawTypes().stream());
        Stream<JavaClass> members = type.getMembers().stream()
                .filter(Product::isVisible)
                .flatMap(member -> member.getAllInvolvedRawTypes().stream());
        Stream<JavaClass> thrown = type.getCodeUnits().stream()
                .filter(Product::isVisible)
                .flatMap(unit -> unit.getExceptionTypes().stream());
        return Stream.of(supertypes, bounds, members, thrown)
                .flatMap(types -> types)
                .map(JavaClass::getBaseComponentType)
                .filter(found -> !found.isPrimitive())
                .map(JavaClass::getName)
                .distinct()
                .toList();
    }

    private static void check(ArchRule rule) {
        check(rule, PRODUCT);
    }

    private static void check(ArchRule rule, JavaClasses subjects) {
        rule.check(subjects);
    }
}
