using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>An amount that moves from one account to another; once stored it never changes.</summary>
public sealed record Transfer
{
    /// <summary>As the amount of a transfer that posts or voids: all that is pending.</summary>
    public const long WholePending = long.MaxValue;

    /// <summary>Chosen by the caller, from the cause: the same cause gives the same id, so that posting twice changes nothing.</summary>
    public required TransferId Id { get; init; }

    /// <summary>The account that is debited.</summary>
    public required Account Debit { get; init; }

    /// <summary>The account that is credited.</summary>
    public required Account Credit { get; init; }

    /// <summary>How much, in the units of the accounts' asset; more than 0. Of a transfer that posts: <see cref="WholePending"/>, or a part of the pending amount.</summary>
    public required long Amount { get; init; }

    /// <summary>When it happened, to the microsecond.</summary>
    public required Instant At { get; init => field = Instant.FromUnixTimeTicks(value.ToUnixTimeTicks() / 10 * 10); }

    /// <summary>What sort of business it records.</summary>
    public required TransferKind Kind { get; init; }

    /// <summary>The thing that caused it: an id like <c>inv_…</c>, or a text of at most 16 bytes of UTF-8.</summary>
    public required string Cause { get; init; }

    /// <summary>Whether it stands or falls with the next transfer of its batch.</summary>
    public bool Linked { get; init; }

    /// <summary>Whether it posts at once or in two steps.</summary>
    public TransferStep Step { get; init; }

    /// <summary>The pending transfer that it posts or voids.</summary>
    public TransferId? Pending { get; init; }

    /// <summary>How long a pending transfer holds, in seconds of real time; 0 for as long as it takes.</summary>
    public int TimeoutSeconds { get; init; }

    /// <summary>What a pending transfer closes until it is voided.</summary>
    public ClosedAccounts Closes { get; init; }

    /// <summary>What is moved.</summary>
    [JsonIgnore]
    public Asset Asset => Debit.Asset;

    /// <summary>Refuses a transfer that no ledger could take, whatever it holds.</summary>
    /// <returns>The cause as a tag.</returns>
    /// <exception cref="ArgumentException">It has no id; its amount is negative; its owners or its cause are too long; or what it says of pending transfers makes no sense.</exception>
    public Tag Check()
    {
        var cause = CheckAllButOwners();
        return Tag.FitsOwner(Debit) && Tag.FitsOwner(Credit) ? cause : throw Malformed($"has an owner that is neither an id nor a text of 1 to {Tag.TextBytes} bytes");
    }

    /// <summary>The same for accounts that are known to be good.</summary>
    /// <returns>The cause as a tag.</returns>
    /// <exception cref="ArgumentException">As <see cref="Check"/>.</exception>
    public Tag CheckAllButOwners()
    {
        var (settles, holds) = (Step is TransferStep.Post or TransferStep.Void, Step is TransferStep.Pending);
        Refuse(Id == default || Amount < 0, "must have an id, and an amount that is not negative");
        Refuse(settles != Pending is not null || Pending == Id, "names a pending transfer if and only if it posts or voids it");
        Refuse(!holds && (TimeoutSeconds != 0 || Closes != ClosedAccounts.None) || TimeoutSeconds < 0, "has a timeout or closes accounts only while it is pending");
        Refuse(settles && Amount == 0, "posts at least 1; name WholePending for the whole of it and to void it");
        Refuse(Step is TransferStep.Void && Amount != WholePending, "voids all of the pending amount: WholePending");
        return Tag.TryOf(Cause, out var cause) ? cause : throw Malformed($"has a cause that is neither an id nor a text of 1 to {Tag.TextBytes} bytes");

        void Refuse(bool wrong, string what)
        {
            if (wrong)
            {
                throw Malformed(what);
            }
        }
    }

    private ArgumentException Malformed(string what) => new($"The transfer {Id} of {Cause} {what}.");

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
