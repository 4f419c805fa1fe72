package io.tatara.bench.cli;

import io.tatara.models.network.ModelZoo;
import io.tatara.models.network.Network;
import io.tatara.models.network.Node;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tatara model}. */
@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        description = "What the networks are made of.",
        subcommands = ModelCommand.Describe.class)
final class ModelCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "describe which model?");
    }

    /** {@code tatara model describe NAME}. */
    @Command(
            name = "describe",
            description = {
                "Print a network's layers, shapes of one sample, numbers of weights and multiply-adds.",
                "Networks: mobilenet-v1, mobilenet-v2, densenet-121 …, densenet-bc-100-12, resnet-18 …,"
                        + " resnet-20 …, preresnet-110, wrn-28-10, pyramidnet-110-48, wavenet."
            })
    static final class Describe extends BaseCommand {
        @Parameters(paramLabel = "NAME", description = "the network")
        private String name;

        @Option(
                names = "--set",
                paramLabel = "OPTION=VALUE",
                description =
                        "an option of the network, such as width=0.5, resolution=160 or classes=10")
        private Map<String, String> options = Map.of();

        @Override
        public Integer call() {
            Network n = ModelZoo.of(name, options);
            Table table = new Table(out(), -44, -34, -16, 12, 15);
            table.row("layer", "what", "output", "weights", "multiply-adds");
            for (Node node : n.nodes()) {
                table.row(
                        node.name(),
                        node.kind(),
                        shape(node),
                        number(node.parameters()),
                        number(node.multiplyAdds()));
            }
            table.row("all", "", "", number(n.parameters()), number(n.multiplyAdds()));
            separables(n.separables());
            say("");
            say("%,d weights, %,d multiply-adds a sample", n.parameters(), n.multiplyAdds());
            writeJson(json(n));
            return 0;
        }

        private void separables(List<Network.Separable> pairs) {
            if (pairs.isEmpty()) {
                return;
            }
            say("");
            Table table = new Table(out(), -44, -44, 15, 15, 7);
            table.row("depthwise", "pointwise", "H·W·C·(K²+M)", "H·W·K²·C·M", "part");
            for (Network.Separable p : pairs) {
                table.row(
                        p.depthwise().name(),
                        p.pointwise().name(),
                        number(p.cost()),
                        number(p.plain()),
                        String.format("%.3f", (double) p.cost() / p.plain()));
            }
        }

        private static String number(long n) {
            return n == 0 ? "" : String.format("%,d", n);
        }

        private static String shape(Node n) {
            return n.shape().stream().map(String::valueOf).collect(Collectors.joining(" x "));
        }

        private static Map<String, Object> json(Network n) {
            Map<String, Object> m = new LinkedHashMap<>();
            m.put("name", n.name());
            m.put("parameters", n.parameters());
            m.put("multiplyAdds", n.multiplyAdds());
            List<Map<String, Object>> layers = new ArrayList<>();
            for (Node node : n.nodes()) {
                Map<String, Object> l = new LinkedHashMap<>();
                l.put("name", node.name());
                l.put("kind", node.kind().toString());
                l.put("inputs", node.inputs().stream().map(Node::name).toList());
                l.put("shape", node.shape());
                l.put("parameters", node.parameters());
                l.put("multiplyAdds", node.multiplyAdds());
                layers.add(l);
            }
            m.put("layers", layers);
            return m;
        }
    }
}
