using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillApis.Benchmarks.Http;

internal sealed record BareDelivery(BareEvent[] Events);

internal sealed record BareEvent(string Id, string Type, string CustomerId, DateTimeOffset Timestamp, Dictionary<string, JsonElement> Properties);

internal sealed record BareAnswer(int Accepted);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BareDelivery))]
[JsonSerializable(typeof(BareAnswer))]
internal sealed partial class BareJson : JsonSerializerContext;
