using System.Text.Json.Serialization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>One CloudEvent as it is sent; told to the OpenAPI document, and read by <see cref="CloudEventJson"/>.</summary>
internal sealed record CloudEventForm
{
    [JsonPropertyName("specversion")]
    public required string SpecVersion { get; init; }
    public required string Id { get; init; }
    public required string Source { get; init; }
    public required string Type { get; init; }
    public string? Subject { get; init; }
    public Instant? Time { get; init; }
    public UsageProperties? Data { get; init; }
    [JsonPropertyName("data_base64")]
    public string? DataBase64 { get; init; }
    [JsonPropertyName("datacontenttype")]
    public string? DataContentType { get; init; }
    [JsonPropertyName("dataschema")]
    public string? DataSchema { get; init; }
    [JsonPropertyName("subscriptionid")]
    public SubscriptionId? SubscriptionId { get; init; }
}
