using System.Globalization;
using System.Text.Json.Nodes;

namespace BillApis.Tests.Vectors;

/// <summary>One fact of a peer's public tests: what it was given and what it expects.</summary>
internal sealed record Vector(string Id, string Peer, string Category, JsonObject Inputs, JsonObject Expected)
{
    public static IReadOnlyList<Vector> Of(string file) =>
        [.. JsonNode.Parse(File.ReadAllText(SharedFiles.PathOf($"vectors/{file}.json")))!["vectors"]!.AsArray().Select(item => new Vector(
            Text(item!["id"])!,
            Text(item["source"]!["repo"])!,
            Text(item["category"])!,
            item["inputs"]!.AsObject(),
            item["expected"]!.AsObject()))];

    public static string? Text(JsonNode? node) => node?.ToString();

    public static decimal? Number(JsonNode? node) => node is null ? null : decimal.Parse(node.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture);

    public decimal Of(string input, decimal otherwise = 0) => Number(Inputs[input]) ?? otherwise;
}
