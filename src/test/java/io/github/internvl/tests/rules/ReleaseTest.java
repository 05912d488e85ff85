package io.github.internvl.tests.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.JsonParser;
import io.github.internvl.fixtures.Checkout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** The bill of materials that users import and the one that lists what the command contains. */
class ReleaseTest {
    private static final String MANAGED = "/project/dependencyManagement/dependencies/dependency";

    private final Pom parent = Pom.read("pom.xml");
    private final Pom bom = Pom.read("internvl-bom/pom.xml");

    @Test
    void managesEveryPublishedArtifact() {
        List<String> kept = parent.values("//excludeArtifact");
        List<String> published = parent.values("/project/modules/module").stream()
                .map(module -> Pom.read(module + "/pom.xml"))
                .filter(module -> !module.values("/project/packaging").contains("pom"))
                .map(module -> module.value("/project/artifactId"))
                .filter(artifact -> !kept.contains(artifact))
                .toList();
        assertThat(bom.values(MANAGED + "[groupId='io.github.internvl']/artifactId"))
                .containsExactlyInAnyOrderElementsOf(published);
    }

    @Test
    void keepsTestsAndProgramsOfThisBuildToItself() {
        List<String> kept = parent.values("/project/modules/module").stream()
                .map(module -> Pom.read(module + "/pom.xml"))
                .filter(module ->
                        module.values("/project/properties/maven.deploy.skip").contains("true"))
                .map(module -> module.value("/project/artifactId"))
                .toList();
        assertThat(parent.values("//excludeArtifact")).containsAll(kept);
    }

    @Test
    void managesTheVersionsOfThisBuild() {
        assertThat(bom.value("/project/version")).isEqualTo(parent.value("/project/version"));
        assertThat(bom.nodes("/project/properties/*").map(Node::getNodeName))
                .contains("pytorch.version", "ffmpeg.version")
                .allSatisfy(name -> assertThat(bom.value("/project/properties/" + name))
                        .as(name)
                        .isEqualTo(parent.value("/project/properties/" + name)));
    }

    @ParameterizedTest
    @CsvSource({"pytorch-native-cpu, pytorch.classifier", "ffmpeg, bytedeco.classifier", "javacpp, bytedeco.classifier"
    })
    void managesTheNativeLibrariesOfEveryPlatform(String artifact, String classifier) {
        assertThat(bom.values(MANAGED + "[artifactId='" + artifact + "']/classifier"))
                .containsExactlyInAnyOrderElementsOf(parent.values("//properties/" + classifier));
    }

    @Test
    void listsTheNativeLibrariesOfTheCommand() {
        Path sbom = Checkout.ROOT.resolve("internvl-cli/target/sbom.json");
        // The build of the command fails without the file; mvn test and mvn -o have none to look into.
        assumeTrue(Files.exists(sbom), "an online mvn package writes " + sbom);
        List<String> purls =
                JsonParser.parseString(Checkout.read(sbom))
                        .getAsJsonObject()
                        .getAsJsonArray("components")
                        .asList()
                        .stream()
                        .map(component ->
                                component.getAsJsonObject().get("purl").getAsString())
                        .toList();
        for (String library : List.of(
                "ai.djl.pytorch/pytorch-native-cpu@" + parent.value("//pytorch.version") + "?classifier=",
                "ai.djl.pytorch/pytorch-jni@",
                "ai.djl.huggingface/tokenizers@",
                "org.bytedeco/ffmpeg@" + parent.value("//ffmpeg.version") + "?classifier=",
                "org.bytedeco/javacpp@" + parent.value("//javacpp.version") + "?classifier=",
                "com.github.usefulness/webp-imageio@",
                "net.java.dev.jna/jna@",
                "org.webjars.npm/marked@",
                "org.webjars.npm/dompurify@")) {
            assertThat(purls).as(library).anyMatch(purl -> purl.startsWith("pkg:maven/" + library));
        }
        assertThat(purls).as("libraries of tests").noneMatch(purl -> purl.contains("junit"));
    }

    /** The scope of these is not transitive, and the SBOM of the command is made without asking the server's. */
    @Test
    void namesTheScriptsOfTheChatPageForTheCommandToo() {
        String scripts = "/project/dependencies/dependency[groupId='org.webjars.npm']/artifactId";
        assertThat(Pom.read("internvl-cli/pom.xml").values(scripts))
                .isNotEmpty()
                .containsExactlyElementsOf(Pom.read("internvl-server/pom.xml").values(scripts));
    }

    /** A pom as it stands in the working tree. */
    private record Pom(Document document) {
        private static final XPath XPATH = XPathFactory.newInstance().newXPath();

        static Pom read(String name) {
            try {
                return new Pom(DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(Checkout.ROOT.resolve(name).toFile()));
            } catch (Exception e) {
                throw new IllegalStateException(name + " cannot be read", e);
            }
        }

        Stream<Node> nodes(String path) {
            try {
                NodeList found = (NodeList) XPATH.evaluate(path, document, XPathConstants.NODESET);
                return IntStream.range(0, found.getLength()).mapToObj(found::item);
            } catch (XPathExpressionException e) {
                throw new IllegalArgumentException(path, e);
            }
        }

        List<String> values(String path) {
            return nodes(path).map(Node::getTextContent).toList();
        }

        String value(String path) {
            return nodes(path).findFirst().orElseThrow().getTextContent();
        }
    }
}
