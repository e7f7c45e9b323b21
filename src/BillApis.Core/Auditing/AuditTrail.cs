namespace BillApis.Auditing;

/// <summary>What was done and denied, and whether anybody tampered with it.</summary>
internal sealed class AuditTrail(IAuditStore store)
{
    /// <summary>Follows the chain from its first entry that is kept to its last.</summary>
    public async Task<AuditVerification> VerifyAsync(TenantId tenant, CancellationToken cancellationToken)
    {
        // Read first, so that entries which come meanwhile are behind it.
        var head = await store.HeadAsync(tenant, cancellationToken).ConfigureAwait(false);
        var chain = await store.AnchorAsync(tenant, cancellationToken).ConfigureAwait(false);
        await foreach (var record in store.ReadAsync(tenant, cancellationToken).ConfigureAwait(false))
        {
            if (chain.Follow(record) is not { } next)
            {
                return new AuditVerification(false, chain.Sequence, head.Hash, chain.Sequence + 1);
            }

            chain = next;
            if (chain.Sequence == head.Sequence)
            {
                break;
            }
        }

        return new AuditVerification(chain == head, chain.Sequence, head.Hash, chain == head ? null : chain.Sequence + (chain.Sequence < head.Sequence ? 1 : 0));
    }
}

/// <summary>Whether a tenant's audit trail is as it was written.</summary>
/// <param name="Intact">Whether every entry is there, in its place and unchanged.</param>
/// <param name="Entries">The number of the last one up to which they follow one another.</param>
/// <param name="Head">The hash of the newest entry; kept elsewhere, it proves that nothing before it was ever rewritten.</param>
/// <param name="BrokenAt">The number of the first entry that is not what was written.</param>
internal sealed record AuditVerification(bool Intact, long Entries, string Head, long? BrokenAt);
