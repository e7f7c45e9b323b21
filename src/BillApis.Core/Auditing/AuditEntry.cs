using System.Text.Json;
using NodaTime;

namespace BillApis.Auditing;

/// <summary>What somebody did or was denied. Entries of a tenant are numbered without gaps, and each holds the hash of the one before it.</summary>
internal sealed record AuditEntry
{
    public required long Sequence { get; init; }

    public required Instant At { get; init; }

    /// <summary>The id of the user or the API key.</summary>
    public required string Actor { get; init; }

    /// <summary>What happened, for example <c>customer.created</c> or <c>request.denied</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The id of what it happened to.</summary>
    public required string Object { get; init; }

    /// <summary>The fields that changed, as they were; secrets are masked.</summary>
    public JsonElement? Before { get; init; }

    public JsonElement? After { get; init; }

    public required string RequestId { get; init; }

    public string? Address { get; init; }
}

/// <summary>An entry as it is stored: its text, and the hash over the hash before it and that text.</summary>
internal sealed record AuditRecord(string Body, string Hash)
{
    public AuditEntry Read() => JsonSerializer.Deserialize<AuditEntry>(Body, BillingJson.Options)!;
}

/// <summary>What happened to one thing; its number and hash come with the transaction that stores it.</summary>
internal sealed record AuditChange(string Action, string Object, JsonElement? Before, JsonElement? After);
