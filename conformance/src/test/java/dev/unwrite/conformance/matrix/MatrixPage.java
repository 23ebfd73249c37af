package dev.unwrite.conformance.matrix;

import dev.unwrite.conformance.matrix.Matrix.Row;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The matrix as one HTML page that needs nothing else; on a narrow screen each mutant is a card. */
final class MatrixPage {
    private static final String TEMPLATE = "matrix.html";

    private MatrixPage() {}

    /** With the layers of the first part; the others have some of them. */
    static String of(List<Matrix> parts) throws IOException {
        List<String> layers = parts.getFirst().layers();
        StringBuilder head = new StringBuilder();
        layers.forEach(layer -> head.append("<th>").append(escape(layer)).append("</th>"));
        StringBuilder rows = new StringBuilder();
        StringBuilder beyond = new StringBuilder();
        long mutants = 0;
        long good = 0;
        for (Matrix part : parts) {
            part.rows().forEach(row -> rows.append(row(part, row, layers)));
            part.beyond()
                    .forEach(line -> beyond.append("<p>")
                            .append(escape(line.replace("`", "")))
                            .append("</p>\n"));
            mutants += part.rows().stream().filter(row -> !row.isCanary()).count();
            good += part.rows().stream()
                    .filter(row -> !row.isCanary() && !row.isBroken() && row.caught() >= Matrix.WANTED)
                    .count();
        }
        return template()
                .replace(
                        "{{summary}}",
                        good + " of " + mutants + " mutants are caught by at least " + Matrix.WANTED + " layers.")
                .replace("{{layers}}", head)
                .replace("{{rows}}", rows)
                .replace("{{beyond}}", beyond);
    }

    private static String row(Matrix part, Row row, List<String> layers) {
        StringBuilder text = new StringBuilder();
        text.append("<tr class=\"").append(row.isGood() ? "good" : "bad").append("\"><th><b>");
        text.append(escape(row.mutant().name())).append("</b><small>");
        text.append(escape(row.mutant().wrong())).append("</small></th>");
        for (String layer : layers) {
            Finding finding = part.layers().contains(layer) ? row.findings().get(layer) : Finding.notApplicable();
            String kind = finding == null ? "unknown" : finding.verdict().name().toLowerCase(java.util.Locale.ROOT);
            text.append("<td class=\"")
                    .append(kind)
                    .append("\" data-layer=\"")
                    .append(escape(layer))
                    .append("\">");
            text.append(cell(finding)).append("</td>");
        }
        return text.append("</tr>\n").toString();
    }

    private static String cell(@org.jspecify.annotations.Nullable Finding finding) {
        if (finding == null) {
            return "not run";
        }
        return switch (finding.verdict()) {
            case NONE -> "";
            case MISSED -> "passes <small>" + MatrixTable.seconds(finding.millis()) + "</small>";
            case BROKEN -> "broken <small>" + escape(finding.by()) + "</small>";
            case CAUGHT ->
                "caught <small>" + MatrixTable.seconds(finding.millis()) + "</small><details><summary>by</summary>"
                        + escape(finding.by()) + "</details>";
        };
    }

    private static String template() throws IOException {
        try (InputStream in = MatrixPage.class.getResourceAsStream(TEMPLATE)) {
            if (in == null) {
                throw new IllegalStateException(TEMPLATE + " is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
