package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.optimizer.Sgd;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class GraphPictureTest {
    @TempDir private Path folder;

    private static Graph record(Scope scope) {
        Tensor x = scope.zeros(8, 16);
        Tensor w = scope.weight(new float[4 * 16], 4, 16);
        Tensor hyper = scope.tensor(new float[] {0.1f, 1}, 2);
        return Graph.record(
                scope,
                new Graph.Options(true, true),
                s -> {
                    Tape tape = s.tape().watch(w);
                    Ops o = tape.ops();
                    Tensor y = o.exp(o.mul(o.linear(x, w, null), 0.5f));
                    Tensor loss = o.mean(o.mul(y, y), 0, 1);
                    s.ops().run(new Sgd(1, 0, false, 0), hyper, w, tape.backward(loss).of(w));
                    return new Tensor[] {loss};
                });
    }

    private static Document parse(String xml) {
        try {
            return DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
        } catch (Exception e) {
            throw new AssertionError("not well-formed: " + e + "\n" + xml, e);
        }
    }

    private static double number(Element e, String name) {
        return Double.parseDouble(e.getAttribute(name));
    }

    @Test
    void svgIsWellFormedAndItsBoxesLieApart() {
        try (Device d = Tatara.open("jvm");
                Scope scope = d.scope()) {
            Graph g = record(scope);
            Document svg = parse(g.toSvg());
            Element root = svg.getDocumentElement();
            assertThat(root.getTagName()).isEqualTo("svg");
            NodeList groups = svg.getElementsByTagName("g");
            List<double[]> boxes = new ArrayList<>();
            for (int i = 0; i < groups.getLength(); i++) {
                Element r =
                        (Element) ((Element) groups.item(i)).getElementsByTagName("rect").item(0);
                double x = number(r, "x");
                double y = number(r, "y");
                double[] box = {x, y, x + number(r, "width"), y + number(r, "height")};
                assertThat(box[0]).isNotNegative();
                assertThat(box[2]).isLessThanOrEqualTo(number(root, "width"));
                assertThat(box[3]).isLessThanOrEqualTo(number(root, "height"));
                for (double[] b : boxes) {
                    assertThat(b[2] <= x || box[2] <= b[0] || b[3] <= y || box[3] <= b[1]).isTrue();
                }
                boxes.add(box);
            }
            assertThat(boxes).hasSize(g.ops() + 3); // x, w, hyper
            assertThat(root.getTextContent())
                    .contains("matmul", "sgd", " ops fused", "float32[8, 4]", "in place", "slot 0")
                    .contains("visible");
        }
    }

    @Test
    void dotNamesAllOps() {
        try (Device d = Tatara.open("jvm");
                Scope scope = d.scope()) {
            Graph g = record(scope);
            String dot = g.toDot();
            assertThat(dot).startsWith("digraph").endsWith("}\n");
            assertThat(dot.lines().filter(l -> l.matches("  n\\d+ \\[.*\\];")))
                    .hasSize(g.ops() + 3);
            assertThat(dot.lines().filter(l -> l.matches("  n\\d+ -> n\\d+ \\[.*\\];")).count())
                    .isGreaterThan(g.ops());
            assertThat(dot).contains("penwidth").contains("fused");
        }
    }

    @Test
    void anEmptyGraphHasAPictureToo() {
        try (Device d = Tatara.open("jvm");
                Scope scope = d.scope()) {
            Graph g = Graph.record(scope, s -> new Tensor[0]);
            parse(g.toSvg());
            assertThat(g.toDot()).contains("0 ops on jvm:0");
        }
    }

    @Test
    void filesByTheirEnding() throws Exception {
        Path svg = folder.resolve("a.SVG");
        Path dot = folder.resolve("a.dot");
        try (Device d = Tatara.open("jvm");
                Scope scope = d.scope()) {
            Graph g = record(scope);
            GraphFile.of(svg).write(g);
            GraphFile.of(dot).write(g);
            assertThat(svg).content().isEqualTo(g.toSvg());
            assertThat(dot).content().isEqualTo(g.toDot());
        }
        wrong(folder.resolve("a.png"), ".dot or .svg");
        wrong(folder.resolve("none").resolve("a.svg"), "no folder");
        wrong(Files.createDirectory(folder.resolve("b.svg")), "is a folder");
        wrong(Path.of("/"), ".dot or .svg");
    }

    private static void wrong(Path path, String why) {
        assertThatThrownBy(() -> GraphFile.of(path))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining(path.toString())
                .hasMessageContaining(why);
    }
}
