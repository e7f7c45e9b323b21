using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BillApis.Auditing;

/// <summary>The newest entry of a tenant's audit trail, which the next one is chained to.</summary>
/// <param name="Sequence">Its number; 0 where there is none.</param>
/// <param name="Hash">Its hash; empty where there is none.</param>
internal sealed record AuditChain(long Sequence, string Hash)
{
    public static AuditChain Empty { get; } = new(0, "");

    public (AuditChain Head, AuditRecord Record) Append(AuditSource source, AuditChange change)
    {
        var entry = new AuditEntry
        {
            Sequence = Sequence + 1,
            At = source.At,
            Actor = source.Actor,
            Action = change.Action,
            Object = change.Object,
            Before = change.Before,
            After = change.After,
            RequestId = source.Request,
            Address = source.Address,
        };
        var body = JsonSerializer.Serialize(entry, BillingJson.Options);
        var hash = HashOf(body);
        return (new AuditChain(entry.Sequence, hash), new AuditRecord(body, hash));
    }

    /// <summary>The chain with a stored entry at its end, or null where that entry is not the one that was chained here.</summary>
    public AuditChain? Follow(AuditRecord record) => HashOf(record.Body) == record.Hash && record.Read().Sequence == Sequence + 1 ? new AuditChain(Sequence + 1, record.Hash) : null;

    /// <summary>SHA-256 over the hash before it, a line feed and the entry's text, in lower-case hexadecimal.</summary>
    private string HashOf(string body) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Hash}\n{body}")));
}
