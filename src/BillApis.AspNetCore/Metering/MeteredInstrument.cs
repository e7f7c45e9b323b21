namespace BillApis.AspNetCore;

/// <summary>An instrument of the application whose measurements become usage events.</summary>
/// <param name="Meter">The name of its meter.</param>
/// <param name="Instrument">Its own name.</param>
/// <param name="EventType">The type of the events.</param>
/// <param name="CustomerTag">The tag of a measurement that names the customer.</param>
internal sealed record MeteredInstrument(string Meter, string Instrument, string EventType, string CustomerTag);
