using BillApis.Ledger;
using NodaTime;

namespace BillApis.Benchmarks.Ledger;

/// <summary>Batches of 1,000 linked pairs: what a customer owes, and the part of it that is tax.</summary>
/// <param name="customers">How many accounts the pairs are spread over; their other side is the revenue, or an account of each one's own.</param>
/// <param name="hot">Whether all pairs meet in one account.</param>
/// <param name="seed">Tells the two sides of a comparison apart.</param>
internal sealed class Pairs(int customers, bool hot, int seed)
{
    public const int BatchSize = 1_000;
    private static readonly Asset Usd = new("USD", 2);
    private static readonly Instant Start = Instant.FromUtc(2026, 1, 1, 0, 0);
    private readonly Random _random = new(seed);
    private readonly Account[] _accounts = [.. Enumerable.Range(0, customers).Select(i => new Account(AccountKind.Receivable, Usd, EntityId.Derive<CustomerId>(Start, $"{seed}/{i}").ToString()))];
    private readonly Account _revenue = new(AccountKind.Revenue, Usd);
    private int _made;

    public Transfer[] Next(int pairs = BatchSize)
    {
        var batch = new Transfer[pairs * 2];
        for (var i = 0; i < batch.Length; i += 2)
        {
            var cause = EntityId.New<InvoiceId>().ToString();
            var (debit, credit) = (Any(), hot ? _revenue : Any());
            batch[i] = New(debit, credit, cause) with { Linked = true };
            batch[i + 1] = New(credit, debit, cause);
        }

        return batch;
    }

    private Account Any() => _accounts[_random.Next(_accounts.Length)];

    private Transfer New(Account debit, Account credit, string cause) => new()
    {
        Id = EntityId.New<TransferId>(),
        Debit = debit,
        Credit = debit == credit ? _revenue : credit,
        Amount = _random.Next(1, 100_000),
        At = Start + Duration.FromSeconds(_made++ / 1_000),
        Kind = TransferKind.InvoiceIssued,
        Cause = cause,
    };
}
