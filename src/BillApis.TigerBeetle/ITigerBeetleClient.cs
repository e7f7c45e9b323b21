using BillApis.TigerBeetle.Native;

namespace BillApis.TigerBeetle;

/// <summary>What a cluster is asked and answers, as the C client has it: the events of an operation in, their results out.</summary>
internal interface ITigerBeetleClient : IDisposable
{
    /// <summary>Sends one request; the answer is the records of the operation's results, one behind the other.</summary>
    /// <exception cref="BillingException">The cluster does not answer, or no longer talks to this client.</exception>
    Task<byte[]> SubmitAsync(TbOperation operation, ReadOnlyMemory<byte> events, CancellationToken cancellationToken);
}
