using System.Text.Json;
using System.Text.Json.Serialization;
using BillApis.Metering;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>One event as it is sent.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record EventForm
{
    public required string Id { get; init; }
    public required string Type { get; init; }
    public required string CustomerId { get; init; }
    public Instant? Timestamp { get; init; }
    public UsageProperties? Properties { get; init; }
    public SubscriptionId? SubscriptionId { get; init; }
    public string? Source { get; init; }

    /// <summary>Reads an event; the contract is gone through only where something is wrong, to name it.</summary>
    /// <exception cref="BillingException">A field is refused.</exception>
    public static UsageEvent Read(JsonElement json)
    {
        try
        {
            return json.Deserialize<EventForm>(BillingJson.Options) is { Id: not null, Type: not null, CustomerId: not null } form ? form.ToEvent() : JsonContract.Read<EventForm>(json).ToEvent();
        }
        catch (JsonException)
        {
            return JsonContract.Read<EventForm>(json).ToEvent();
        }
    }

    /// <summary>The id of what may not be an event at all.</summary>
    public static string? IdOf(JsonElement json) =>
        json.ValueKind is JsonValueKind.Object && json.TryGetProperty("id", out var id) && id.ValueKind is JsonValueKind.String ? id.GetString() : null;

    private UsageEvent ToEvent() => new()
    {
        Id = Id,
        Type = Type,
        Customer = CustomerId,
        Timestamp = Timestamp,
        Properties = Properties ?? UsageProperties.None,
        SubscriptionId = SubscriptionId,
        Source = Source ?? UsageEvent.DefaultSource,
    };
}
