using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>An amount that moves from one account to another; once stored it never changes.</summary>
public sealed record Transfer
{
    /// <summary>Chosen by the caller, from the cause: the same cause gives the same id, so that posting twice changes nothing.</summary>
    public required TransferId Id { get; init; }

    /// <summary>The account that is debited.</summary>
    public required Account Debit { get; init; }

    /// <summary>The account that is credited.</summary>
    public required Account Credit { get; init; }

    /// <summary>How much, in the units of the accounts' asset; more than 0.</summary>
    public required long Amount { get; init; }

    /// <summary>When it happened, to the microsecond.</summary>
    public required Instant At { get; init => field = Instant.FromUnixTimeTicks(value.ToUnixTimeTicks() / 10 * 10); }

    /// <summary>What sort of business it records.</summary>
    public required TransferKind Kind { get; init; }

    /// <summary>The thing that caused it, for example <c>inv_…</c>.</summary>
    public required string Cause { get; init; }

    /// <summary>Whether it stands or falls with the next transfer of its batch.</summary>
    public bool Linked { get; init; }

    /// <summary>What is moved.</summary>
    [JsonIgnore]
    public Asset Asset => Debit.Asset;

    /// <summary>The id that belongs to a cause, ordered by the cause's own time.</summary>
    /// <param name="tenant">Whose books they are.</param>
    /// <param name="cause">The thing that caused the transfer.</param>
    /// <param name="kind">What was done with that thing.</param>
    /// <param name="part">Tells the transfers of one cause and kind apart.</param>
    public static TransferId IdOf<TCause>(TenantId tenant, TCause cause, TransferKind kind, AccountKind part) where TCause : struct, IEntityId<TCause>
    {
        Span<byte> bytes = stackalloc byte[16];
        cause.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        var at = Instant.FromUnixTimeMilliseconds((long)(BinaryPrimitives.ReadUInt64BigEndian(bytes) >> 16));
        return EntityId.Derive<TransferId>(at, string.Create(CultureInfo.InvariantCulture, $"{tenant}/{EntityId.Format(cause)}/{(int)kind}/{(int)part}"));
    }
}

/// <summary>What sort of business a transfer records; the numbers are stable and part of derived ids.</summary>
public enum TransferKind
{
    /// <summary>An invoice was issued.</summary>
    InvoiceIssued = 1,

    /// <summary>An issued invoice was withdrawn.</summary>
    InvoiceCanceled = 2,

    /// <summary>Money came in.</summary>
    PaymentReceived = 3,

    /// <summary>What was still due was given up.</summary>
    InvoiceWrittenOff = 4,
}

/// <summary>What became of one transfer of a batch.</summary>
public enum TransferResult
{
    /// <summary>It is stored now.</summary>
    Created,

    /// <summary>It was stored before, the very same: as good as <see cref="Created"/>.</summary>
    Exists,

    /// <summary>Another transfer has this id; nothing was done.</summary>
    ExistsDifferent,

    /// <summary>Nothing was done, since another transfer that it is linked with was refused.</summary>
    LinkedFailed,

    /// <summary>The last transfer of the batch is linked with a next one that is not there.</summary>
    LinkedChainOpen,

    /// <summary>The amount is not more than 0.</summary>
    AmountNotPositive,

    /// <summary>It would debit and credit the same account.</summary>
    AccountsSame,

    /// <summary>The two accounts do not count the same asset.</summary>
    AssetsDiffer,
}
